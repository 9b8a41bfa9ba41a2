/**
 * Controlling terminal of this process: Deno opens `/dev/tty` only for a program with every permission.
 *
 * Everything that a question takes is opened before a guest's thread is confined; after that it takes
 * poll(2), read(2) and write(2), which stay allowed.
 */
import { errno } from "./errno.ts";

const LIBC_SYMBOLS = {
  // int open(const char *path, int flags)
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t count)
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // ssize_t write(int fd, const void *buf, size_t count)
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout)
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  // int tcflush(int fd, int queue_selector)
  tcflush: { parameters: ["i32", "i32"], result: "i32" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** O_RDWR, O_NOCTTY and O_CLOEXEC. */
const FLAGS = 0o2 | 0o400 | 0o2000000;
const TCIFLUSH = 0;
const POLLIN = 1;
/** Milliseconds between looks at whether the question is still wanted. */
const LOOK_MS = 100;
const MAX_ANSWER_BYTES = 256;

/**
 * Ends colours, hidden text and other modes that earlier output may have left: DECSTR and SGR 0
 * (ECMA-48). A guest that prints must not be able to hide a question.
 */
const RESET = "\r\x1b[!p\x1b[0m\n";

/** Controlling terminal, open until it is disposed of. */
export class Terminal implements Disposable {
  readonly #libc: Deno.DynamicLibrary<typeof LIBC_SYMBOLS>;
  readonly #fd: number;

  private constructor(libc: Deno.DynamicLibrary<typeof LIBC_SYMBOLS>, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** Opens it; undefined when this process has no terminal. */
  static open(): Terminal | undefined {
    const libc = Deno.dlopen("libc.so.6", LIBC_SYMBOLS);
    const fd = libc.symbols.open(new TextEncoder().encode("/dev/tty\0"), FLAGS);
    if (fd >= 0) return new Terminal(libc, fd);
    libc.close();
    return undefined;
  }

  /**
   * Writes a question and reads the line that is typed after it. Lines that were typed before are
   * dropped: they reply to something else.
   *
   * @param isUnwanted is asked several times a second; true ends the wait
   * @returns undefined at the end of input, on an error, and when `isUnwanted` returns true
   */
  ask(question: string, isUnwanted: () => boolean = () => false): string | undefined {
    this.#drain();
    if (!this.#write(new TextEncoder().encode(RESET + question))) return undefined;
    while (!this.#isReadable(LOOK_MS)) {
      if (isUnwanted()) return undefined;
    }
    return this.#read();
  }

  /** A confined thread may not flush: reading takes what is whole lines. */
  #drain(): void {
    this.#libc.symbols.tcflush(this.#fd, TCIFLUSH);
    while (this.#isReadable(0)) {
      if (this.#read() === undefined) return;
    }
  }

  #isReadable(timeoutMs: number): boolean {
    const poll = new Int32Array([this.#fd, POLLIN]);
    return this.#libc.symbols.poll(new Uint8Array(poll.buffer), 1n, timeoutMs) > 0;
  }

  #read(): string | undefined {
    const bytes = new Uint8Array(MAX_ANSWER_BYTES);
    const length = this.#again(() =>
      this.#libc.symbols.read(this.#fd, bytes, BigInt(bytes.length))
    );
    return length <= 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, length));
  }

  #write(bytes: Uint8Array<ArrayBuffer>): boolean {
    let left = bytes;
    while (left.length > 0) {
      const part = left;
      const length = this.#again(() =>
        this.#libc.symbols.write(this.#fd, part, BigInt(part.length))
      );
      if (length <= 0) return false;
      left = left.subarray(length);
    }
    return true;
  }

  /** Repeats a call that a signal's handler interrupted. */
  #again(call: () => bigint): number {
    for (;;) {
      const result = Number(call());
      if (result >= 0) return result;
      const location = this.#libc.symbols.__errno_location();
      const code = location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
      if (code !== errno("EINTR")) return result;
    }
  }

  /** Closes the terminal. */
  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}
