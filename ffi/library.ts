/**
 * Loads the shim from memory: nothing is written to the disk, and no path that somebody else could
 * have prepared is opened.
 */
import { readAsset } from "./assets.ts";
import { cString, fromCString } from "./c_values.ts";
import { loadError, ShimError } from "./errors.ts";
import { bind, compile, type Functions, heatUp } from "./lazy_functions.ts";
import { type ShimSymbols, SYMBOLS } from "./symbols.ts";

/** What `shim_abi_version()` must answer; the header's `SHIM_ABI_VERSION`. */
export const ABI_VERSION = 24;

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
 * Functions that run once an event, a map operation or a line of output. Compiled when it is seen that
 * they do: a start calls most of them once.
 */
const HOT: ReadonlySet<keyof typeof SYMBOLS> = new Set([
  "shim_buffer__poll",
  "shim_buffer__wait",
  "shim_buffer__read",
  "shim_clock__time",
  "shim_fd__write",
  "shim_map__batch",
  "shim_map__operate",
  "shim_user_ring__submit",
]);

let loaded: ShimSymbols | undefined;
/** Prepares the functions that are not called yet, and gives the library's handle back. */
let settle: (() => void) | undefined;
/** Adds functions to it, until then. */
let extend:
  | ((table: Deno.ForeignLibraryInterface, hot: readonly string[]) => Extension)
  | undefined;

/** More functions of the shim. */
export interface Extension {
  readonly functions: Functions;
  /** Does what the first calls would otherwise. */
  settle(): void;
}

/**
 * The shim's functions; loaded by the first call, for the life of the process.
 *
 * @throws {ShimError} `SHIM_MISSING`, `SHIM_LOAD` or `SHIM_ABI`; a function that it lacks throws
 *   `SHIM_SYMBOL` when it is called first
 */
export function shim(): ShimSymbols {
  loaded ??= loadShim(readShim());
  return loaded;
}

/**
 * Loads the shim and gives its handle back: for a worker, whose end would not. Costs 0.1 ms for each
 * hot function, which the first calls would otherwise.
 */
export function settleShim(): void {
  shim();
  settle?.();
  settle = extend = undefined;
}

/**
 * More functions of the same shim, in a table of their own; before it is settled.
 *
 * @param hot those that are to be compiled
 * @throws {ShimError} as {@linkcode shim}
 */
export function extendShim(
  table: Deno.ForeignLibraryInterface,
  hot: readonly string[],
): Extension {
  shim();
  if (extend === undefined) throw loadError("its handle was given back already");
  return extend(table, hot);
}

function readShim(): Uint8Array<ArrayBuffer> {
  try {
    return readAsset(SHIM_FILE);
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
  const libc = openLibc();
  const fd = memoryFile(libc, bytes);
  const path = uniquePath(fd);
  const library = libc.dlopen(cString(path), RTLD_NOW);
  // Open, it would be a file of this process's code that others can name: /proc/PID/fd/N.
  libc.close(fd);
  if (library === null) throw loadError(fromCString(libc.dlerror()));
  return openShim(libc, library, path);
}

function checkVersion(symbols: ShimSymbols): void {
  const version = symbols.shim_abi_version();
  if (version === ABI_VERSION) return;
  throw new ShimError(
    `Cannot use the eBPF shim: its interface is version ${version}, this program needs ${ABI_VERSION}`,
    { code: "SHIM_ABI", hint: "in a source checkout, run ./dev build" },
  );
}

/** A descriptor of a file that has no name, with these bytes. */
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
 * Finds the functions of a library that is loaded.
 *
 * @param path the name that the loader knows it by: it opens no file for that again
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
    // What has been compiled holds the library, and lets it go at the worker's end.
    libc.dlclose(library);
  };
  return symbols;
}

/**
 * A path of a descriptor that no other library was opened by, in any thread of this process.
 *
 * The dynamic loader knows a library by its name, and descriptors come again: by a plain path, a worker
 * would get the copy of one before it, with the state of that one's thread.
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
  throw new ShimError(`Cannot use the eBPF shim: it has no function ${name}`, {
    code: "SHIM_SYMBOL",
    hint: "in a source checkout, run ./dev build",
  });
}

/** Version of the libbpf inside the shim, such as `"1.7.0"`. */
export function libbpfVersion(): string {
  return fromCString(shim().shim_libbpf_version());
}
