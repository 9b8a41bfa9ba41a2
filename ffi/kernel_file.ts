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
  const libc = Deno.dlopen("libc.so.6", LIBC_SYMBOLS);
  try {
    const fd = libc.symbols.open(new TextEncoder().encode(`${path}\0`), FLAGS);
    if (fd < 0) throw failure(path, errnoOf(libc.symbols));
    try {
      return readAll({ readSync: (bytes) => readSome(fd, bytes, { libc: libc.symbols, path }) }, {
        expected: Math.min(EXPECTED_BYTES, maxBytes),
        maxBytes,
        tooLarge: () =>
          new HostError(`Cannot read "${path}": larger than ${maxBytes >> 20} MiB`, {
            code: "TOO_LARGE",
          }),
      });
    } finally {
      libc.symbols.close(fd);
    }
  } finally {
    libc.close();
  }
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
