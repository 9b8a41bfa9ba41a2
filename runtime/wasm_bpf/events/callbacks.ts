/** Calls a guest's callback for events: through its table, or through a function it exports. */
import { errno } from "../../../ffi/mod.ts";
import {
  type CallbackTarget,
  createPump,
  Entry,
  isCallback,
  type Pump,
  tryEntryCheck,
} from "./pump.ts";
import type { Stage } from "./stage.ts";
import { BpfError } from "../../../ebpf/mod.ts";

/** The guest's exports that callbacks go through; known once it is instantiated. */
export interface CallbackExports {
  memory: WebAssembly.Memory;
  /** The tables that the guest exports, the likeliest first. */
  tables: readonly WebAssembly.Table[];
  /** The export that `callback-wrapper` calls, if there is one. */
  callback?: WebAssembly.ExportValue | undefined;
}

/** Target of events: the entries of one guest table. */
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
    this.#stagePump ??= createPump(this, stage);
    return this.#stagePump;
  }
}

/** The callbacks of one guest. */
export class Callbacks {
  readonly #fail: (error: BpfError) => number;
  #exports: CallbackExports | undefined;
  #table: CallbackTable | undefined;
  #entryAt: ((index: number) => number) | undefined;
  #exported: CallbackTable | undefined;

  /** @param fail reports an error, and returns its negative errno */
  constructor(fail: (error: BpfError) => number) {
    this.#fail = fail;
  }

  bind(exports: CallbackExports): void {
    this.#exports = exports;
  }

  /** The guest's own table, or a negative errno when `callback` is not a function in it. */
  forTable(callback: number): CallbackTable | number {
    this.#table ??= this.#findTable();
    if (this.#table === undefined || this.#entryAt === undefined) {
      return this.#fail(
        new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest exports no function table, so it cannot be called back",
          hint: "link it with -Wl,--export-table (AssemblyScript: --exportTable)",
        }),
      );
    }
    const entry = this.#entryAt(callback);
    if (entry === Entry.Callback) return this.#table;
    return entry === Entry.None ? -errno("EINVAL") : this.#refuse(`table entry ${callback >>> 0}`);
  }

  /** Finds the table that pumps link with, and what checks its entries. */
  #findTable(): CallbackTable | undefined {
    if (this.#exports === undefined) return undefined;
    const { memory, tables } = this.#exports;
    for (const table of tables) {
      this.#entryAt = tryEntryCheck(table);
      if (this.#entryAt !== undefined) return new CallbackTable({ memory, table });
    }
    return undefined;
  }

  #refuse(what: string): number {
    return this.#fail(
      new BpfError("poll a buffer", errno("EINVAL"), {
        reason: `${what} cannot be called back: it is of another type`,
        hint: "declare it with three i32 (context, data, size) and an i32 result",
      }),
    );
  }

  /** A table of one, with the guest's exported callback. */
  forExport(): CallbackTable | number {
    if (this.#exported !== undefined) return this.#exported;
    const { memory, callback } = this.#exports ?? {};
    if (memory === undefined || typeof callback !== "function") {
      return this.#fail(
        new BpfError("poll a buffer", errno("EINVAL"), {
          reason: "the guest does not export the callback that its wrapper module calls",
          hint: "name it with --callback-export-name",
        }),
      );
    }
    if (!isCallback(callback)) return this.#refuse("the callback that the guest exports");
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
    table.set(0, callback);
    this.#exported = new CallbackTable({ memory, table });
    return this.#exported;
  }
}
