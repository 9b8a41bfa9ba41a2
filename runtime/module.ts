/** Compiles a guest's module and checks that it can be run at all. */
import { ModuleError } from "./errors.ts";
import { checkHeapUse, type HeapUse, HeapUseError, MAX_TABLE_BYTES } from "./wasm/heap_use.ts";
import { WasmSyntaxError } from "./wasm/reader.ts";

/** A compiled module with what every guest has. */
export interface GuestModule {
  /** Compiled; imports are not checked yet. */
  readonly module: WebAssembly.Module;
  /** Source of the compiled module; do not change it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For messages, and the default of `argv[0]`. */
  readonly name: string;
  /** Share of V8's own heap that the module can use. */
  readonly heap: HeapUse;
}

/** Features that a module may use. */
export interface CompileOptions {
  /**
   * Allows structs, arrays and other values on V8's own heap, which no limit of memory bounds: a
   * module that fills that heap ends the whole process. Default: such a module is refused.
   */
  allowGc?: boolean;
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
/** The word after it: a version below, a layer above. Core modules are layer 0, components 1. */
const VERSION_CORE = 0x0000_0001;
const LAYER_COMPONENT = 1;

const ELF = [0x7f, 0x45, 0x4c, 0x46];
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * Compiles a module.
 *
 * @throws {ModuleError} `MODULE_EMPTY`, `MODULE_NOT_WASM`, `MODULE_COMPONENT`, `MODULE_INVALID`,
 *   `MODULE_GC` or `MODULE_SIZE`
 */
export function compileGuest(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  { allowGc = false }: CompileOptions = {},
): GuestModule {
  checkHeader(bytes, name);
  const heap = heapUseOf(bytes, name, allowGc);
  try {
    const module = new WebAssembly.Module(bytes);
    if (!(heap instanceof WasmSyntaxError)) return { module, bytes, name, heap };
  } catch (cause) {
    const reason = cause instanceof Error
      ? cause.message.replace(/^WebAssembly\.\w+\(\): /, "")
      : "";
    throw new ModuleError(`Cannot run ${name}: the WebAssembly module is damaged: ${reason}`, {
      code: "MODULE_INVALID",
      hint: "the file may be cut off: compare its size or checksum with where it came from",
      cause,
    });
  }
  throw new ModuleError(`Cannot run ${name}: it uses an unknown proposal: ${heap.message}`, {
    code: "MODULE_GC",
    hint: "build it without that proposal of WebAssembly",
    cause: heap,
  });
}

/** Returns the fault of a module that V8 may know more about. */
function heapUseOf(bytes: Uint8Array, name: string, allowGc: boolean): HeapUse | WasmSyntaxError {
  try {
    return checkHeapUse(bytes, { allowGc });
  } catch (cause) {
    if (cause instanceof WasmSyntaxError) return cause;
    if (!(cause instanceof HeapUseError)) throw cause;
    throw new ModuleError(`Cannot run ${name}: ${cause.message}`, {
      code: cause.isGarbageCollected ? "MODULE_GC" : "MODULE_SIZE",
      hint: cause.isGarbageCollected
        ? "pass --allow-gc (allowGc in the library) only if you trust the module with the whole process"
        : "build it smaller, or run it in a process of its own",
      cause,
    });
  }
}

/**
 * Checks what a module's tables can take where no limit of memory bounds them.
 *
 * @throws {ModuleError} `MODULE_MEMORY`
 */
export function checkTables({ name, heap: { tableBytes } }: GuestModule): void {
  if (tableBytes <= MAX_TABLE_BYTES) return;
  throw new ModuleError(
    `Cannot run ${name}: its tables can grow to ${tableBytes} bytes, the limit is ${MAX_TABLE_BYTES}`,
    {
      code: "MODULE_MEMORY",
      hint: "pass --max-memory (memoryBytes in the library), or declare smaller maxima of tables",
    },
  );
}

/**
 * Checks that a file starts as a module does, and reports what it is otherwise.
 *
 * @param action what cannot be done with it, as in "Cannot ACTION NAME: …"
 * @throws {ModuleError} `MODULE_EMPTY`, `MODULE_NOT_WASM`, `MODULE_COMPONENT` or `MODULE_INVALID`
 */
export function checkHeader(bytes: Uint8Array, name: string, action = "run"): void {
  if (bytes.length === 0) {
    throw new ModuleError(`Cannot ${action} ${name}: the file is empty`, {
      code: "MODULE_EMPTY",
      hint: "pass a WebAssembly module (a .wasm file)",
    });
  }
  if (!startsWith(bytes, MAGIC)) {
    throw new ModuleError(`Cannot ${action} ${name}: it is not a WebAssembly module`, {
      code: "MODULE_NOT_WASM",
      hint: hintForOther(bytes),
    });
  }
  const version = bytes.length < 8
    ? undefined
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (version !== undefined && version >>> 16 === LAYER_COMPONENT) {
    throw new ModuleError(`Cannot ${action} ${name}: it is a component, not a core module`, {
      code: "MODULE_COMPONENT",
      hint: "build it for wasm32-wasip1, without the component step",
    });
  }
  if (version !== VERSION_CORE) {
    throw new ModuleError(
      version === undefined
        ? `Cannot ${action} ${name}: the WebAssembly module is cut off after ${bytes.length} bytes`
        : `Cannot ${action} ${name}: WebAssembly version ${version} is not known`,
      { code: "MODULE_INVALID", hint: "the file may be damaged, or made for a newer runtime" },
    );
  }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

/** Returns a hint for other kinds of files that users pass by mistake. */
function hintForOther(bytes: Uint8Array): string {
  if (startsWith(bytes, ELF)) {
    return "it is an ELF file: an eBPF object is run by a guest that embeds it";
  }
  if (startsWith(bytes, GZIP) || startsWith(bytes, ZSTD)) {
    return "it is compressed: unpack it first";
  }
  const start = new TextDecoder().decode(bytes.subarray(0, 256));
  if (/^\s*(\(module|\(component|;;|\(;)/.test(start)) {
    return "it is WebAssembly text: assemble it first, for example with wat2wasm";
  }
  return "give a WebAssembly module, a .wasm file";
}

/**
 * Checks a module's imports against what the host provides, and its exports against what a command has.
 *
 * @throws {ModuleError} `MODULE_IMPORT` or `MODULE_EXPORT`
 */
export function checkGuest(guest: GuestModule, provided: WebAssembly.Imports): void {
  const missing = WebAssembly.Module.imports(guest.module).filter((wanted) =>
    wanted.kind !== "function" || !isProvided(provided, wanted)
  );
  const first = missing[0];
  if (first !== undefined) throw missingImport(guest, first, missing.length - 1);
  const exports = WebAssembly.Module.exports(guest.module);
  const has = (name: string, kind: string) =>
    exports.some((found) => found.name === name && found.kind === kind);
  if (!has("memory", "memory")) {
    throw new ModuleError(`Cannot run ${guest.name}: it exports no memory named "memory"`, {
      code: "MODULE_EXPORT",
      hint: "build it as a WASI command, for wasm32-wasip1",
    });
  }
  if (!has("_start", "function")) {
    throw new ModuleError(`Cannot run ${guest.name}: it exports no function "_start"`, {
      code: "MODULE_EXPORT",
      hint: has("_initialize", "function")
        ? "it is a library (a WASI reactor): build it as a program, with a main function"
        : "build it as a WASI command, with a main function",
    });
  }
}

/** Own properties only: a guest that imports "constructor" must not find JavaScript's. */
function isProvided(
  provided: WebAssembly.Imports,
  wanted: WebAssembly.ModuleImportDescriptor,
): boolean {
  const module = Object.hasOwn(provided, wanted.module) ? provided[wanted.module] : undefined;
  return module !== undefined && Object.hasOwn(module, wanted.name);
}

function missingImport(
  guest: GuestModule,
  wanted: WebAssembly.ModuleImportDescriptor,
  more: number,
): ModuleError {
  const who = wanted.kind === "function"
    ? whoProvides(wanted.module)
    : "a guest must bring its own memory, tables and globals; threads share a memory, build without";
  return new ModuleError(
    `Cannot run ${guest.name}: missing import: ${wanted.kind} "${wanted.name}" of module ` +
      `"${wanted.module}"${more > 0 ? `, and ${more} more` : ""}`,
    {
      code: "MODULE_IMPORT",
      hint: who ?? "wasm-bpf provides wasm_bpf, callback-wrapper and wasi_snapshot_preview1",
    },
  );
}

/** Refuses memories that the module's description cannot distinguish. */
export function checkMemory(guest: GuestModule, memory: WebAssembly.Memory): void {
  const fault = memory.buffer instanceof SharedArrayBuffer
    ? "is shared between threads"
    : hasWideAddresses(memory)
    ? "has 64-bit addresses"
    : undefined;
  if (fault === undefined) return;
  throw new ModuleError(`Cannot run ${guest.name}: its memory ${fault}`, {
    code: "MODULE_EXPORT",
    hint: "build it for wasm32-wasip1, without threads",
  });
}

/** Such a memory counts its pages in bigints. */
function hasWideAddresses(memory: WebAssembly.Memory): boolean {
  try {
    memory.grow(0);
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}

/**
 * Returns the tables that callbacks may be in, those with the compilers' default names first:
 * `__indirect_function_table` of clang and Rust, `table` of AssemblyScript.
 */
export function findTables(exports: WebAssembly.Exports): WebAssembly.Table[] {
  const names = ["table", "__indirect_function_table"];
  return Object.entries(exports)
    .filter((entry): entry is [string, WebAssembly.Table] => entry[1] instanceof WebAssembly.Table)
    .sort(([a], [b]) => names.indexOf(b) - names.indexOf(a))
    .map(([, table]) => table);
}

/** Import modules of other hosts and tool chains, and what to do about them. */
const PROVIDERS: readonly (readonly [RegExp, string])[] = [
  [
    /^wasm_bpf_ext$/,
    "this version of wasm-bpf has no such function: use a newer wasm-bpf",
  ],
  [/^wasm_bpf$/, "it is not part of the wasm_bpf interface: check the spelling"],
  [
    /^wasi_snapshot_preview1$/,
    "it is not part of WASI preview 1: WasmEdge and WasmCloud add functions of their own",
  ],
  [/^wasi_unstable$/, "it is not part of WASI's snapshot 0: check the spelling"],
  [/^wasi:/, "it is WASI 0.2: build the guest as a core module for wasm32-wasip1"],
  [/^wasi$/, "it is wasi-threads: build the guest without threads"],
  [
    /^wasi_(ephemeral_)?nn|^wasi_nn/,
    "it is wasi-nn, a machine-learning interface of other runtimes",
  ],
  [/^(go|gojs)$/, "it is Go's browser target: build with GOOS=wasip1 GOARCH=wasm"],
  [/^(wbg|__wbindgen.*)$/, "it is wasm-bindgen's: build for wasm32-wasip1 without wasm-bindgen"],
  [/^(a|asyncify)$/, "it is Emscripten's JavaScript glue: build with wasi-sdk or clang instead"],
  [
    /^env$/,
    "a function that the guest declares but no library defines, unless Emscripten or AssemblyScript " +
    "made the module: link without --allow-undefined to see who calls it",
  ],
];

/** Returns a likely provider of an import as one clause, or `undefined` for unknown modules. */
export function whoProvides(module: string): string | undefined {
  return PROVIDERS.find(([pattern]) => pattern.test(module))?.[1];
}
