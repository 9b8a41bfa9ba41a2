/** How events reach a guest's callback: through its table, or through a function it exports. */
import { errno } from "../../ffi/mod.ts";
import { type CallbackTarget, createPump, type Pump } from "../pump.ts";
import type { Stage } from "../stage.ts";
import type { BpfContext } from "./context.ts";
import { BpfError } from "./errors.ts";

/** The guest's exports that callbacks go through; known once it is instantiated. */
export interface CallbackExports {
  memory: WebAssembly.Memory;
  /** The guest's function table, if it exports one. */
  table?: WebAssembly.Table | undefined;
  /** The export that `callback-wrapper` calls, if there is one. */
  callback?: WebAssembly.ExportValue | undefined;
}

/** What events are handed to: table entries of a guest. One for each table. */
export class CallbackTable implements CallbackTarget {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  #stagePump: Pump | undefined;

  constructor(target: CallbackTarget) {
    this.memory = target.memory;
    this.table = target.table;
  }

  /** The pump from the stage, of which a guest has one. */
  stagePump(stage: Stage): Pump {
    this.#stagePump ??= createPump(this, stage.memory);
    return this.#stagePump;
  }
}

/** The callbacks of one guest. */
export class Callbacks {
  readonly #context: BpfContext;
  #exports: CallbackExports | undefined;
  #table: CallbackTable | undefined;
  #exported: CallbackTable | undefined;

  constructor(context: BpfContext) {
    this.#context = context;
  }

  bind(exports: CallbackExports): void {
    this.#exports = exports;
  }

  /** The guest's own table, or a negative errno when `callback` is no function of it. */
  forTable(callback: number): CallbackTable | number {
    const table = this.#exports?.table;
    if (this.#exports === undefined || table === undefined) {
      return this.#context.fail(
        new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest exports no function table, so it cannot be called back",
          hint: "link it with -Wl,--export-table (AssemblyScript: --exportTable)",
        }),
      );
    }
    if (callback >>> 0 >= table.length || table.get(callback >>> 0) === null) {
      return -errno("EINVAL");
    }
    this.#table ??= new CallbackTable({ memory: this.#exports.memory, table });
    return this.#table;
  }

  /** A table of one, with the guest's exported callback. */
  forExport(): CallbackTable | number {
    if (this.#exported !== undefined) return this.#exported;
    const { memory, callback } = this.#exports ?? {};
    if (memory === undefined || typeof callback !== "function") {
      return this.#context.fail(
        new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest does not export the callback that its wrapper module calls",
          hint: "name it with --callback-export-name",
        }),
      );
    }
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    table.set(0, callback);
    this.#exported = new CallbackTable({ memory, table });
    return this.#exported;
  }
}
