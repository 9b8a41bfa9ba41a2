/**
 * Virtual files below /sys and /proc: Deno opens them only for programs with every permission, and this
 * program has few.
 */
import { readAll } from "./bytes.ts";
import { describeErrno } from "./errno.ts";
import { HostError } from "./errors.ts";

const LIBC_SYMBOLS = {
  // int open(const char *path, int flags)
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t count)
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Open close-on-exec, for reading, and without waiting for a writer of a pipe. */
const FLAGS = 0o2000000 | 0o4000;
/** Most virtual files are smaller. */
const EXPECTED_BYTES = 1 << 20;

/**
 * Returns the bytes of a file, read to its end, since virtual files often report no size.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE` for more than `maxBytes`
 */
export function readKernelFile(
  path: string,
  { maxBytes }: { maxBytes: number },
): Uint8Array<ArrayBuffer> {
  using file = KernelFile.open(path);
  return file.read({ maxBytes });
}

/** Virtual file that is opened now and read later, by a thread that may open nothing any more. */
export class KernelFile implements Disposable {
  readonly #path: string;
  readonly #libc: Deno.DynamicLibrary<typeof LIBC_SYMBOLS>;
  #fd: number;

  private constructor(path: string, libc: Deno.DynamicLibrary<typeof LIBC_SYMBOLS>, fd: number) {
    this.#path = path;
    this.#libc = libc;
    this.#fd = fd;
  }

  /**
   * Opens a file.
   *
   * @throws {HostError} with an errno name
   */
  static open(path: string): KernelFile {
    const libc = Deno.dlopen("libc.so.6", LIBC_SYMBOLS);
    const fd = libc.symbols.open(new TextEncoder().encode(`${path}\0`), FLAGS);
    if (fd >= 0) return new KernelFile(path, libc, fd);
    const error = failure(path, errnoOf(libc.symbols));
    libc.close();
    throw error;
  }

  /**
   * Returns the bytes from where the last read ended, and closes the file.
   *
   * @throws {HostError} with an errno name, or `TOO_LARGE` for more than `maxBytes`
   */
  read({ maxBytes }: { maxBytes: number }): Uint8Array<ArrayBuffer> {
    try {
      return readToEnd(this.#path, this.#fd, { libc: this.#libc.symbols, maxBytes });
    } finally {
      this.close();
    }
  }

  /** Closes the file, if it is open. */
  close(): void {
    if (this.#fd < 0) return;
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
    this.#fd = -1;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function readToEnd(
  path: string,
  fd: number,
  { libc, maxBytes }: { libc: Libc; maxBytes: number },
): Uint8Array<ArrayBuffer> {
  return readAll({ readSync: (bytes) => readSome(fd, bytes, { libc, path }) }, {
    expected: Math.min(EXPECTED_BYTES, maxBytes),
    maxBytes,
    tooLarge: () =>
      new HostError(`Cannot read "${path}": larger than ${maxBytes >> 20} MiB`, {
        code: "TOO_LARGE",
      }),
  });
}

type Libc = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

function readSome(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
  { libc, path }: { libc: Libc; path: string },
): number {
  const count = Number(libc.read(fd, bytes, BigInt(bytes.length)));
  if (count < 0) throw failure(path, errnoOf(libc));
  return count;
}

function errnoOf(libc: Libc): number {
  const place = libc.__errno_location();
  return place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
}

function failure(path: string, errno: number): HostError {
  const text = describeErrno(-errno);
  return new HostError(`Cannot read "${path}": ${text}`, { code: text.split(" ")[0] ?? "EIO" });
}
