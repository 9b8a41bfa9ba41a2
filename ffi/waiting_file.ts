/** Files that may keep a reader waiting, such as FIFOs, terminals and standard input. */
import { describeErrno } from "./errno.ts";
import { HostError } from "./errors.ts";

const LIBC_SYMBOLS = {
  // int open(const char *path, int flags)
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout)
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t count)
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Open close-on-exec, for reading, not as the controlling terminal, and without waiting for a writer. */
const FLAGS = 0o2000000 | 0o400 | 0o4000;
const POLLIN = 1;
const EINTR = 4, EAGAIN = 11;

/** poll(2) takes an int of milliseconds; longer waits are split. */
const LONGEST_WAIT_MS = 2 ** 30;

/** Deadline of all reads of a file. */
export interface ReadLimit {
  /** Value of `performance.now()` at which the time is over. */
  readonly atMs: number;
  /** Returns the error when the time is over. */
  exceeded(): Error;
}

/**
 * File whose open never waits, and whose reads wait until a deadline. A FIFO without a writer is waited
 * for, not taken for empty. A wait blocks the caller's thread, listeners of signals with it: where there
 * are any, look at {@linkcode WaitingFile.isReady} first.
 */
export class WaitingFile implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", LIBC_SYMBOLS);
  readonly #name: string;
  readonly #limit: ReadLimit | undefined;
  readonly #isOwned: boolean;
  readonly #fd: number;

  /**
   * Opens a file without waiting, or takes a descriptor.
   *
   * @param file path, or a descriptor that stays open
   * @param name its name in errors
   * @param limit default: none
   * @throws {HostError} with an errno name
   */
  constructor(file: string | number, name: string, limit?: ReadLimit) {
    this.#name = name;
    this.#limit = limit;
    this.#isOwned = typeof file === "string";
    this.#fd = typeof file === "number"
      ? file
      : this.#libc.symbols.open(new TextEncoder().encode(`${file}\0`), FLAGS);
    if (this.#fd >= 0) return;
    const error = this.#failure();
    this.#libc.close();
    throw error;
  }

  /**
   * Reads some bytes; 0 at the end.
   *
   * @throws {HostError} with an errno name; the limit's error
   */
  readSync(bytes: Uint8Array<ArrayBuffer>): number {
    for (;;) {
      this.#wait();
      const count = Number(this.#libc.symbols.read(this.#fd, bytes, BigInt(bytes.length)));
      if (count >= 0) return count;
      // Another reader of the same pipe may have been faster.
      const errno = this.#errno();
      if (errno !== EAGAIN && errno !== EINTR) throw this.#failure();
    }
  }

  /** Reports whether a read returns at once: there are bytes, or the end. */
  isReady(): boolean {
    return this.#poll(0);
  }

  /** Closes it, unless it was given as a descriptor. */
  [Symbol.dispose](): void {
    if (this.#isOwned) this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }

  #wait(): void {
    for (;;) {
      const { atMs = Infinity } = this.#limit ?? {};
      const leftMs = Math.ceil(atMs - performance.now());
      if (this.#limit !== undefined && leftMs <= 0) throw this.#limit.exceeded();
      if (this.#poll(Math.min(leftMs, LONGEST_WAIT_MS))) return;
    }
  }

  #poll(timeoutMs: number): boolean {
    const polled = new Uint8Array(8);
    new DataView(polled.buffer).setInt32(0, this.#fd, true);
    polled[4] = POLLIN;
    const ready = this.#libc.symbols.poll(polled, 1n, timeoutMs);
    if (ready < 0 && this.#errno() !== EINTR) throw this.#failure();
    return ready > 0;
  }

  #errno(): number {
    const place = this.#libc.symbols.__errno_location();
    return place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
  }

  #failure(): HostError {
    const text = describeErrno(-this.#errno());
    const code = text.split(" ")[0] ?? "EIO";
    return new HostError(`Cannot read ${this.#name}: ${text}`, { code });
  }
}
