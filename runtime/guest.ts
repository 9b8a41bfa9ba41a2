/** One run of a guest, from instantiation to exit code. */
import type { HostError } from "../ffi/errors.ts";
import { Interrupt } from "../ffi/mod.ts";
import { BpfHost } from "./bpf/mod.ts";
import { GuestTrap, ModuleError } from "./errors.ts";
import { GuestMemory } from "./guest_memory.ts";
import { checkGuest, type GuestModule } from "./module.ts";
import { unwindGuest } from "./unwind.ts";
import { wasiImports } from "./wasi/mod.ts";

/** What a guest gets, beside eBPF. */
export interface RunOptions {
  /** `args[0]` is the program's name; default: the module's name alone. */
  args?: readonly string[];
  /** Environment variables; default: none. */
  env?: Readonly<Record<string, string>>;
  /** Gets what eBPF calls failed with; the guest itself only sees a number. */
  onError?: (error: HostError) => void;
  /** Gets libbpf's remarks on what went well. */
  onNotice?: (text: string) => void;
  /** Import module of `wasm_bpf_buffer_poll` for guests that export their callback. */
  wrapperModule?: string;
  /** The callback that such guests export. */
  callbackExport?: string;
  /** Ends the guest's waits early; default: nothing does. */
  interrupt?: Interrupt;
}

/** What WebAssembly's `throw` is to JavaScript; TypeScript does not know it yet. */
const { Exception: GuestException } = WebAssembly as unknown as { Exception: new () => object };

const DEFAULT_WRAPPER_MODULE = "callback-wrapper";
const DEFAULT_CALLBACK_EXPORT = "go-callback";

/**
 * Runs a guest's `_start` to its end, on this thread; everything it loaded or attached is released
 * before this returns or throws.
 *
 * @returns the guest's exit code, 0 when `_start` returns
 * @throws {ModuleError} when the module cannot be run
 * @throws {GuestTrap} when it traps
 */
export function runGuest(guest: GuestModule, options: RunOptions = {}): number {
  let exitCode: number | undefined;
  const exit = (code: number): never => {
    exitCode = code;
    unwindGuest();
  };
  using own = options.interrupt === undefined ? Interrupt.create() : undefined;
  const interrupt = options.interrupt ?? own as Interrupt;
  const attend = () => {};
  using memory = new GuestMemory();
  using bpf = new BpfHost({
    memory,
    interrupt,
    attend,
    onError: options.onError ?? (() => {}),
    onNotice: options.onNotice ?? (() => {}),
  });
  const imports: WebAssembly.Imports = bare({
    "wasm_bpf": bare(bpf.imports()),
    "wasm_bpf_ext": bare(bpf.extensionImports()),
    "wasi_snapshot_preview1": bare(wasiImports({
      memory,
      args: options.args ?? [guest.name],
      env: options.env ?? {},
      exit,
      interrupt,
      attend,
    })),
  });
  const wrapperModule = options.wrapperModule ?? DEFAULT_WRAPPER_MODULE;
  imports[wrapperModule] = bare({ ...imports[wrapperModule], ...bpf.wrapperImports() });
  checkGuest(guest, imports);
  try {
    const { exports } = new WebAssembly.Instance(guest.module, imports);
    const guestMemory = exports["memory"] as WebAssembly.Memory;
    checkMemory(guest, guestMemory);
    memory.bind(guestMemory);
    bpf.bind({
      memory: guestMemory,
      table: findTable(exports),
      callback: exports[options.callbackExport ?? DEFAULT_CALLBACK_EXPORT],
    });
    (exports["_start"] as () => void)();
    return 0;
  } catch (error) {
    if (exitCode !== undefined) return exitCode;
    throw isTrap(error) ? trap(guest, error) : error;
  }
}

/** Refuses memories that a module's description does not tell from others. */
function checkMemory(guest: GuestModule, memory: WebAssembly.Memory): void {
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
 * The same without a prototype: a guest that imports "constructor" from "wasm_bpf" must not find
 * JavaScript's.
 */
function bare<T extends object>(record: T): T {
  return Object.assign(Object.create(null), record);
}

/** clang and Rust name the table `__indirect_function_table`, AssemblyScript `table`. */
function findTable(exports: WebAssembly.Exports): WebAssembly.Table | undefined {
  const tables = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Table);
  const named = ["__indirect_function_table", "table"]
    .map((name) => tables.find(([found]) => found === name))
    .find((entry) => entry !== undefined);
  return (named ?? tables[0])?.[1] as WebAssembly.Table | undefined;
}

/**
 * A trap of WebAssembly, or an exception of its own that nobody caught; running out of stack is a
 * RangeError to JavaScript.
 */
function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof GuestException ||
    (error instanceof RangeError && /call stack/i.test(error.message));
}

function trap(guest: GuestModule, cause: unknown): GuestTrap {
  const { message = "it threw an exception that nothing caught", stack = "" } =
    cause instanceof Error ? cause : {};
  const frames = stack.split("\n")
    .filter((line) => line.includes("wasm://") || line.includes("wasm-function"))
    .map((line) => line.trim());
  return new GuestTrap(`${guest.name} trapped: ${message}`, {
    code: "GUEST_TRAP",
    hint: "the guest has a bug; build it with -g to see function names",
    detail: frames.join("\n"),
    cause,
  });
}
