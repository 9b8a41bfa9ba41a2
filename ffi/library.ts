/**
 * Loads the shim from memory: nothing is written to disk, and no path is opened that another user could
 * have prepared.
 */
import { readAsset } from "./assets.ts";
import { cString, fromCString } from "./c_values.ts";
import { loadError, ShimError } from "./errors.ts";
import { bind, compile, type Functions, heatUp } from "./lazy_functions.ts";
import { type ShimSymbols, SYMBOLS } from "./symbols.ts";

/** Required result of `shim_abi_version()`; the header's `SHIM_ABI_VERSION`. */
export const ABI_VERSION = 37;

const SHIM_FILE = "libbpf-shim.so";

const LIBC_SYMBOLS = {
  // int memfd_create(const char *name, unsigned int flags)
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *buf, size_t count)
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
  // void *dlopen(const char *path, int flags)
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  // void *dlsym(void *library, const char *name)
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  // int dlclose(void *library)
  dlclose: { parameters: ["pointer"], result: "i32" },
  // char *dlerror(void)
  dlerror: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const MFD_CLOEXEC = 1;
const RTLD_NOW = 2;

type Libc = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

/**
 * Functions that run once per event, map operation or line of output. They are compiled after several
 * calls, since a start calls most of them once.
 */
const HOT: ReadonlySet<keyof typeof SYMBOLS> = new Set([
  "shim_buffer__poll",
  "shim_buffer__wait",
  "shim_buffer__read",
  "shim_clock__now",
  "shim_clock__time",
  "shim_fd__poll",
  "shim_fd__put",
  "shim_fd__write",
  "shim_map__batch",
  "shim_map__operate",
  "shim_user_ring__submit",
]);

let loaded: ShimSymbols | undefined;
/** Prepares the functions that are not called yet, and closes the library's handle. */
let settle: (() => void) | undefined;
/** Adds functions before that. */
let extend:
  | ((table: Deno.ForeignLibraryInterface, hot: readonly string[]) => Extension)
  | undefined;

/** Additional functions of the shim. */
export interface Extension {
  readonly functions: Functions;
  /** Prepares the functions, as their first calls would. */
  settle(): void;
}

/**
 * Returns the shim's functions; the first call loads them for the life of the process.
 *
 * @throws {ShimError} `SHIM_MISSING`, `SHIM_LOAD` or `SHIM_ABI`; a missing function throws
 *   `SHIM_SYMBOL` on its first call
 */
export function shim(): ShimSymbols {
  loaded ??= loadShim(readShim());
  return loaded;
}

/**
 * Loads the shim and closes its handle: for workers, whose end does not close it. Takes 0.1 ms for each
 * hot function, which the first calls would take otherwise.
 */
export function settleShim(): void {
  shim();
  settle?.();
  settle = extend = undefined;
}

/**
 * Adds functions of the same shim from another table; call it before {@linkcode settleShim}.
 *
 * @param hot functions to compile
 * @throws {ShimError} as {@linkcode shim}
 */
export function extendShim(
  table: Deno.ForeignLibraryInterface,
  hot: readonly string[],
): Extension {
  shim();
  if (extend === undefined) throw loadError("its handle is already closed");
  return extend(table, hot);
}

function readShim(): Uint8Array<ArrayBuffer> {
  try {
    return readAsset(SHIM_FILE);
  } catch (cause) {
    throw new ShimError('Cannot read the eBPF shim "libbpf-shim.so": missing or unreadable', {
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
  const libc = openLibc();
  const fd = memoryFile(libc, bytes);
  const path = uniquePath(fd);
  const library = libc.dlopen(cString(path), RTLD_NOW);
  // An open descriptor would expose the code of this process as /proc/PID/fd/N.
  libc.close(fd);
  if (library === null) throw loadError(fromCString(libc.dlerror()));
  return openShim(libc, library, path);
}

function checkVersion(symbols: ShimSymbols): void {
  const version = symbols.shim_abi_version();
  if (version === ABI_VERSION) return;
  throw new ShimError(
    `Cannot use the eBPF shim: its interface is version ${version}, this program requires ${ABI_VERSION}`,
    { code: "SHIM_ABI", hint: "in a source checkout, run ./dev build" },
  );
}

/** Creates an unnamed file with these bytes; returns its descriptor. */
function memoryFile(libc: Libc, bytes: Uint8Array<ArrayBuffer>): number {
  const fd = libc.memfd_create(cString("libbpf-shim"), MFD_CLOEXEC);
  if (fd < 0) throw loadError("memfd_create(2) failed");
  for (let offset = 0; offset < bytes.length;) {
    const rest = bytes.subarray(offset);
    const written = Number(libc.write(fd, rest, BigInt(rest.length)));
    if (written <= 0) {
      libc.close(fd);
      throw loadError(`write(2) to memory failed after ${offset} bytes`);
    }
    offset += written;
  }
  return fd;
}

/**
 * Finds the functions of a loaded library.
 *
 * @param path its name in the dynamic loader, which does not open the file again
 */
function openShim(libc: Libc, library: Deno.PointerObject, path: string): ShimSymbols {
  const find = (name: string) => addressInShim(libc, library, name);
  const { functions: symbols, findAll } = bind(SYMBOLS, find);
  try {
    checkVersion(symbols);
  } catch (error) {
    libc.dlclose(library);
    throw error;
  }
  const functions = symbols as unknown as Functions;
  for (const name of HOT) heatUp({ functions, table: SYMBOLS, path }, name);
  extend = (table, hot) => {
    const { functions: all, findAll: settleAll } = bind(table, find);
    const more = { functions: all as unknown as Functions, table, path };
    for (const name of hot) heatUp(more, name);
    return {
      functions: more.functions,
      settle: () => {
        for (const name of hot) compile(more, name);
        settleAll();
      },
    };
  };
  settle = () => {
    for (const name of HOT) compile({ functions, table: SYMBOLS, path }, name);
    findAll();
    // Compiled functions keep the library loaded until the worker ends.
    libc.dlclose(library);
  };
  return symbols;
}

/**
 * Returns a path of a descriptor that is unique among the libraries of this process.
 *
 * The dynamic loader identifies a library by its name, and descriptors are reused: with a plain path, a
 * worker would get the copy of an earlier one, with the state of its thread.
 */
function uniquePath(fd: number): string {
  let path = "/proc/thread-self/fd/";
  for (let i = 0; i < 32; i++) path += Math.random() < 0.5 ? "./" : "../fd/";
  return `${path}${fd}`;
}

function openLibc(): Libc {
  const definitions = Object.fromEntries(
    Object.keys(LIBC_SYMBOLS).map((name) => [name, { type: "pointer" as const }]),
  );
  try {
    const addresses = Deno.dlopen("libc.so.6", definitions).symbols;
    return bind(LIBC_SYMBOLS, (name) => addresses[name] as Deno.PointerObject).functions;
  } catch (cause) {
    throw loadError(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function addressInShim(libc: Libc, library: Deno.PointerObject, name: string): Deno.PointerObject {
  const address = libc.dlsym(library, cString(name));
  if (address !== null) return address;
  throw new ShimError(`Cannot use the eBPF shim: missing function "${name}"`, {
    code: "SHIM_SYMBOL",
    hint: "in a source checkout, run ./dev build",
  });
}

/** Returns the version of the libbpf in the shim, such as `"1.7.0"`. */
export function libbpfVersion(): string {
  return fromCString(shim().shim_libbpf_version());
}
