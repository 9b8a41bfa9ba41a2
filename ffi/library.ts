/**
 * Loads the shim from memory: nothing is written to the disk, and no path that somebody else could
 * have prepared is opened.
 */
import { describeErrno } from "./errno.ts";
import { ShimError } from "./errors.ts";
import { type ShimSymbols, SYMBOLS } from "./symbols.ts";

/** What `shim_abi_version()` must answer; the header's `SHIM_ABI_VERSION`. */
export const ABI_VERSION = 1;

/** Where the build puts the shim; inside a compiled binary, a file embedded in it. */
const SHIM_FILE = new URL("../dist/lib/libbpf-shim.so", import.meta.url);

const LIBC_SYMBOLS = {
  // int memfd_create(const char *name, unsigned int flags)
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *buf, size_t count)
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const MFD_CLOEXEC = 1;

let loaded: ShimSymbols | undefined;

/**
 * The shim's functions; loaded by the first call, for the life of the process.
 *
 * @throws {ShimError} `SHIM_MISSING`, `SHIM_LOAD`, `SHIM_SYMBOL` or `SHIM_ABI`
 */
export function shim(): ShimSymbols {
  loaded ??= loadShim(readShim());
  return loaded;
}

function readShim(): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(SHIM_FILE);
  } catch (cause) {
    throw new ShimError("Cannot read the eBPF shim libbpf-shim.so", {
      code: "SHIM_MISSING",
      hint: "in a source checkout, run ./dev build first",
      cause,
    });
  }
}

/**
 * Loads a shim from its bytes.
 *
 * @throws {ShimError} as {@linkcode shim}
 */
export function loadShim(bytes: Uint8Array<ArrayBuffer>): ShimSymbols {
  const symbols = dlopenBytes(bytes);
  const version = symbols.shim_abi_version();
  if (version !== ABI_VERSION) {
    throw new ShimError(
      `Cannot use the eBPF shim: its interface is version ${version}, this program needs ${ABI_VERSION}`,
      { code: "SHIM_ABI", hint: "in a source checkout, run ./dev build" },
    );
  }
  return symbols;
}

function dlopenBytes(bytes: Uint8Array<ArrayBuffer>): ShimSymbols {
  const libc = openLibc();
  let fd = -1;
  try {
    fd = libc.symbols.memfd_create(new TextEncoder().encode("libbpf-shim\0"), MFD_CLOEXEC);
    if (fd < 0) throw loadError("memfd_create(2) failed");
    for (let offset = 0; offset < bytes.length;) {
      const rest = bytes.subarray(offset);
      const written = Number(libc.symbols.write(fd, rest, BigInt(rest.length)));
      if (written <= 0) throw loadError(`write(2) to memory failed after ${offset} bytes`);
      offset += written;
    }
    return dlopen(`/proc/self/fd/${fd}`);
  } finally {
    // The mapping keeps what it needs.
    if (fd >= 0) libc.symbols.close(fd);
    libc.close();
  }
}

function openLibc(): Deno.DynamicLibrary<typeof LIBC_SYMBOLS> {
  try {
    return Deno.dlopen("libc.so.6", LIBC_SYMBOLS);
  } catch (cause) {
    throw loadError("there is no GNU C library (libc.so.6)", cause);
  }
}

function dlopen(path: string): ShimSymbols {
  try {
    return Deno.dlopen(path, SYMBOLS).symbols;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const symbol = /shim_\w+/.exec(reason)?.[0];
    if (symbol === undefined) throw loadError(reason, cause);
    throw new ShimError(`Cannot use the eBPF shim: it has no function ${symbol}`, {
      code: "SHIM_SYMBOL",
      hint: "in a source checkout, run ./dev build",
      cause,
    });
  }
}

function loadError(reason: string, cause?: unknown): ShimError {
  return new ShimError(`Cannot load the eBPF shim: ${reason}`, {
    code: "SHIM_LOAD",
    hint: "wasm-bpf needs Linux with glibc 2.34 or newer and /proc mounted",
    cause,
  });
}

/** A NUL-terminated string for a `const char *` parameter. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The string behind a `const char *` result. */
export function fromCString(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}

/**
 * Calls a function whose last parameter is an out-pointer.
 *
 * @returns the pointer, or the negative errno
 */
export function outPointer(
  call: (out: Uint8Array<ArrayBuffer>) => number,
): Deno.PointerObject | number {
  const out = new BigUint64Array(1);
  const result = call(new Uint8Array(out.buffer));
  if (result < 0) return result;
  const pointer = Deno.UnsafePointer.create(out[0] ?? 0n);
  if (pointer === null) {
    throw loadError(`a call succeeded without a result: ${describeErrno(result)}`);
  }
  return pointer;
}

/** Version of the libbpf inside the shim, such as `"1.7.0"`. */
export function libbpfVersion(): string {
  return fromCString(shim().shim_libbpf_version());
}
