/** How events reach a guest's callback: through its table, or through a function it exports. */
import { errno } from "../../ffi/mod.ts";
import { createPump, type Pump } from "../pump.ts";
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

/** The pumps of one guest, each made when it is first needed. */
export class Callbacks {
  readonly #context: BpfContext;
  #exports: CallbackExports | undefined;
  #tablePump: Pump | undefined;
  #exportPump: Pump | undefined;

  constructor(context: BpfContext) {
    this.#context = context;
  }

  bind(exports: CallbackExports): void {
    this.#exports = exports;
  }

  /** The pump for the guest's own table, or a negative errno when `callback` is no function of it. */
  forTable(callback: number): Pump | number {
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
    this.#tablePump ??= createPump(
      { memory: this.#exports.memory, table },
      this.#context.stage.memory,
    );
    return this.#tablePump;
  }

  /** The pump for the guest's exported callback, put into a table of one. */
  forExport(): Pump | number {
    if (this.#exportPump !== undefined) return this.#exportPump;
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
    this.#exportPump = createPump({ memory, table }, this.#context.stage.memory);
    return this.#exportPump;
  }
}
