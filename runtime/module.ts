/** Compiles a guest's module and checks that it can be run at all. */
import { ModuleError } from "./errors.ts";
import { whoProvides } from "./providers.ts";

/** A compiled module with what every guest has. */
export interface GuestModule {
  readonly module: WebAssembly.Module;
  /** For messages, and `argv[0]` where nothing else is said. */
  readonly name: string;
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
/** Version word of a core module, and of a component. */
const VERSION_CORE = 0x0000_0001;
const VERSION_COMPONENT = 0x0001_000d;

/**
 * Compiles a module.
 *
 * @throws {ModuleError} `MODULE_EMPTY`, `MODULE_NOT_WASM`, `MODULE_COMPONENT` or `MODULE_INVALID`
 */
export function compileGuest(bytes: Uint8Array<ArrayBuffer>, name: string): GuestModule {
  checkHeader(bytes, name);
  try {
    return { module: new WebAssembly.Module(bytes), name };
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
}

function checkHeader(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) {
    throw new ModuleError(`Cannot run ${name}: the file is empty`, {
      code: "MODULE_EMPTY",
      hint: "give a WebAssembly module, a .wasm file",
    });
  }
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new ModuleError(`Cannot run ${name}: it is not a WebAssembly module`, {
      code: "MODULE_NOT_WASM",
      hint: hintForOther(bytes),
    });
  }
  const version = bytes.length < 8
    ? undefined
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (version === VERSION_COMPONENT) {
    throw new ModuleError(`Cannot run ${name}: it is a component, not a core module`, {
      code: "MODULE_COMPONENT",
      hint: "build it for wasm32-wasip1, without the component step",
    });
  }
  if (version !== VERSION_CORE) {
    throw new ModuleError(
      version === undefined
        ? `Cannot run ${name}: the WebAssembly module is cut off after ${bytes.length} bytes`
        : `Cannot run ${name}: WebAssembly version ${version} is not known`,
      { code: "MODULE_INVALID", hint: "the file may be damaged, or made for a newer runtime" },
    );
  }
}

/** What else people give by mistake. */
function hintForOther(bytes: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 256));
  if (start.startsWith("\x7fELF")) {
    return "it is an ELF file: an eBPF object is run by a guest that embeds it";
  }
  if (/^\s*(\(module|\(component|;;|\(;)/.test(start)) {
    return "it is WebAssembly text: assemble it first, for example with wat2wasm";
  }
  if (start.startsWith("\x1f\x8b") || start.startsWith("\x28\xb5\x2f\xfd")) {
    return "it is compressed: unpack it first";
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
    wanted.kind !== "function" || provided[wanted.module]?.[wanted.name] === undefined
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

function missingImport(
  guest: GuestModule,
  wanted: WebAssembly.ModuleImportDescriptor,
  more: number,
): ModuleError {
  const who = wanted.kind === "function"
    ? whoProvides(wanted.module)
    : "a guest must bring its own memory, tables and globals; threads share a memory, build without";
  return new ModuleError(
    `Cannot run ${guest.name}: nobody provides the ${wanted.kind} "${wanted.name}" of module ` +
      `"${wanted.module}"${more > 0 ? `, nor ${more} other imports` : ""}`,
    {
      code: "MODULE_IMPORT",
      hint: who ?? "wasm-bpf provides wasm_bpf, callback-wrapper and wasi_snapshot_preview1",
    },
  );
}
