/** Stops a guest that does not stop by itself. */
import { Deadline, type Interrupt } from "../ffi/mod.ts";
import { GuestStopped, ModuleError } from "./errors.ts";
import type { GuestModule } from "./module.ts";
import type { InternalOptions } from "./run_options.ts";
import type { RanModule } from "./trap.ts";
import { MemoryLimitError } from "./wasm/memory_plan.ts";
import {
  ControlState,
  rewriteModule,
  type RewriteOptions,
  type Rewritten,
} from "./wasm/rewrite.ts";
import { WasmSyntaxError } from "./wasm/reader.ts";

/** Stops like `ControlState.Terminate`, and records that the time limit caused it. */
const TIME_IS_UP = 3;

/** Why a guest was stopped. */
export type StopCode = "TERMINATED" | "ABORTED" | "LIMIT_TIME";

/** A module as it was changed, and for which options. Workers can be sent it. */
export interface Changed {
  readonly isControlled: boolean;
  readonly memoryBytes: number | undefined;
  readonly rewritten: Rewritten;
  readonly module: WebAssembly.Module;
}

/** A guest that is run again and again is changed once. */
const changed = new WeakMap<GuestModule, Changed>();

/** Returns what a guest was changed to for such a limit, so that it can be stopped. */
export function changedFor(
  guest: GuestModule,
  memoryBytes: number | undefined,
): Changed | undefined {
  const known = changed.get(guest);
  return known?.isControlled === true && known.memoryBytes === memoryBytes ? known : undefined;
}

/** Keeps what another thread has changed a guest to. */
export function keepChanged(guest: GuestModule, entry: Changed): void {
  changed.set(guest, entry);
}

/** Makes the module what the options ask for, and stops what it becomes. */
export class Control implements Disposable {
  readonly #guest: GuestModule;
  readonly #options: InternalOptions;
  readonly #interrupt: Interrupt;
  readonly #held = new DisposableStack();
  /** True if the guest can be stopped anywhere. */
  readonly isNeeded: boolean;
  #words: Int32Array<SharedArrayBuffer> | undefined;
  #stopped: StopCode | undefined;

  constructor(guest: GuestModule, options: InternalOptions, interrupt: Interrupt) {
    this.#guest = guest;
    this.#options = options;
    this.#interrupt = interrupt;
    this.isNeeded = options.onControl !== undefined || options.signal !== undefined ||
      options.limits?.timeMs !== undefined;
  }

  /** The module to instantiate, and its `_start`-to-be once it is. */
  prepare(): {
    module: WebAssembly.Module;
    begin: (exports: WebAssembly.Exports) => void;
    /** For stacks of traps; absent where the module is the guest's own. */
    ran?: RanModule;
  } {
    if (this.#options.signal?.aborted) this.stop("ABORTED");
    this.throwIfStopped();
    const { memoryBytes } = this.#options.limits ?? {};
    if (!this.isNeeded && memoryBytes === undefined) {
      return { module: this.#guest.module, begin: () => {} };
    }
    const { rewritten, module } = this.#changed(memoryBytes);
    return {
      module,
      begin: (exports) => this.#begin(exports, rewritten),
      ran: rewritten,
    };
  }

  /** The changed module; the last one of each guest is kept. */
  #changed(memoryBytes: number | undefined): Changed {
    const known = changed.get(this.#guest);
    const { isNeeded } = this;
    if (known?.isControlled === isNeeded && known.memoryBytes === memoryBytes) return known;
    const rewritten = this.#rewrite({
      control: isNeeded,
      ...(memoryBytes === undefined ? {} : { maxMemoryBytes: memoryBytes }),
    });
    const module = new WebAssembly.Module(rewritten.bytes);
    const entry = { isControlled: isNeeded, memoryBytes, rewritten, module };
    changed.set(this.#guest, entry);
    return entry;
  }

  #rewrite(options: RewriteOptions): Rewritten {
    try {
      return rewriteModule(this.#guest, options);
    } catch (cause) {
      if (cause instanceof MemoryLimitError) {
        throw new ModuleError(
          `Cannot run ${this.#guest.name}: its memory begins with ${cause.bytes} ` +
            `bytes, the limit is ${this.#options.limits?.memoryBytes}`,
          { code: "MODULE_MEMORY", hint: "raise the limit, or build it with less memory", cause },
        );
      }
      if (!(cause instanceof WasmSyntaxError)) throw cause;
      throw new ModuleError(
        `Cannot run ${this.#guest.name} so that it can be stopped: ${cause.message}`,
        { code: "MODULE_CONTROL", hint: "build it without that proposal of WebAssembly", cause },
      );
    }
  }

  #begin(exports: WebAssembly.Exports, { controlExport, startExport }: Rewritten): void {
    const { signal, limits, onControl } = this.#options;
    if (controlExport !== undefined) {
      const memory = exports[controlExport] as WebAssembly.Memory;
      this.#words = new Int32Array(memory.buffer as unknown as SharedArrayBuffer);
      onControl?.(this.#words);
    }
    if (signal !== undefined) {
      const abort = () => this.stop("ABORTED");
      signal.addEventListener("abort", abort);
      this.#held.defer(() => signal.removeEventListener("abort", abort));
    }
    const { timeMs = Infinity } = limits ?? {};
    if (timeMs !== Infinity && this.#words !== undefined) {
      const afterMs = Math.min(Math.max(Math.ceil(timeMs), 0), 0xffff_ffff);
      const words = this.#words as unknown as Int32Array;
      this.#held.use(Deadline.start(this.#interrupt, { words, value: TIME_IS_UP, afterMs }));
    }
    if (startExport !== undefined) (exports[startExport] as () => void)();
  }

  /** Makes the guest trap at its next function or round of a loop, and its waits end. */
  stop(code: StopCode): void {
    this.#stopped ??= code;
    if (this.#words !== undefined) Atomics.store(this.#words, 0, ControlState.Terminate);
    this.#interrupt.terminate();
  }

  /** Why it was stopped; `undefined` when it was not. */
  get stopped(): StopCode | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    switch (this.#words === undefined ? 0 : Atomics.load(this.#words, 0)) {
      case ControlState.Terminate:
        return "TERMINATED";
      case TIME_IS_UP:
        return "LIMIT_TIME";
      default:
        return undefined;
    }
  }

  /** @throws {GuestStopped} */
  throwIfStopped(): void {
    const code = this.stopped;
    if (code !== undefined) throw stopped(this.#guest.name, code, this.#options);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}

/** The error for a guest that was stopped. */
export function stopped(
  name: string,
  code: StopCode,
  { signal, limits }: Pick<InternalOptions, "signal" | "limits">,
): GuestStopped {
  const why = {
    "TERMINATED": "it was terminated",
    "ABORTED": "its signal was aborted",
    "LIMIT_TIME": `it ran for more than ${limits?.timeMs} ms`,
  }[code];
  return new GuestStopped(`${name} was stopped: ${why}`, { code, cause: signal?.reason });
}
