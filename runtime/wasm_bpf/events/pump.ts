/** The pumps, made from `pump.wat` and `ring_pump.wat` by the build. */
import { readAsset } from "../../../ffi/assets.ts";
import { HostError } from "../../../ffi/errors.ts";

/** Target of a pump's calls: a guest's memory, and a table with its functions. */
export interface CallbackTarget {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
}

/**
 * Hands the records between a region's cursor and end to table entry `callback`, each copied to `data`
 * in guest memory.
 *
 * @returns number of events handled, or the callback's negative result, at which it stops
 * @throws what the callback throws: a trap, or the guest's exit
 */
export type Pump = (
  region: number,
  callback: number,
  context: number,
  data: number,
  maxBytes: number,
) => number;

/** Hands over the records of a ring buffer that is shown in a memory. */
export interface RingPump {
  /** Like {@linkcode Pump}, for the records that are there at the start; 0 when none is complete. */
  pump(callback: number, context: number, data: number, maxBytes: number): number;
  /** Gives what was handed over back to the kernel, after the callback threw. */
  release(): void;
}

/** Where things are in a memory that shows a ring buffer; see `ring_pump.wat`. */
export interface ShownRing {
  memory: WebAssembly.Memory;
  pageBytes: number;
  /** Of the data area, a power of two. */
  sizeBytes: number;
  /** Offset of the state. */
  state: number;
  /** Offset of the flags that end a batch. */
  flags: number;
}

/** (module (func (drop (v128.const i64x2 0 0)))): V8 has no vectors where the CPU lacks SSE4.1. */
const VECTOR_PROBE = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0],
  ...[253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 11],
]);

/** (module (import "a" "f" (func (param i32 i32 i32) (result i32)))) */
const CALLBACK_PROBE = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 127, 127, 127, 1, 127],
  ...[2, 7, 1, 1, 97, 1, 102, 0, 0],
]);

/**
 * ```wat
 * (module
 *   (type $callback (func (param i32 i32 i32) (result i32)))
 *   (import "a" "t" (table 0 funcref))
 *   (func (export "k") (param i32) (result i32)
 *     (if (i32.ge_u (local.get 0) (table.size 0)) (then (return (i32.const 1))))
 *     (if (ref.is_null (table.get 0 (local.get 0))) (then (return (i32.const 1))))
 *     (i32.shl
 *       (i32.eqz (ref.test (ref $callback) (table.get 0 (local.get 0))))
 *       (i32.const 1))))
 * ```
 */
const ENTRY_CHECK = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 13, 2, 96, 3, 127, 127, 127, 1, 127, 96, 1, 127, 1, 127],
  ...[2, 9, 1, 1, 97, 1, 116, 1, 112, 0, 0, 3, 2, 1, 1, 7, 5, 1, 1, 107, 0, 0, 10, 38, 1, 36, 0],
  ...[32, 0, 252, 16, 0, 79, 4, 64, 65, 1, 15, 11, 32, 0, 37, 0, 209, 4, 64, 65, 1, 15, 11],
  ...[32, 0, 37, 0, 251, 20, 0, 69, 65, 1, 116, 11],
]);

/** Results of {@linkcode createEntryCheck}'s function. */
export const Entry = { Callback: 0, None: 1, OtherType: 2 } as const;

/** Returns the ending of the files that are read: those with vectors are the faster. */
const suffix = () => WebAssembly.validate(VECTOR_PROBE) ? "" : "_words";

let entryCheck: WebAssembly.Module | undefined;

const modules = new Map<string, WebAssembly.Module>();
const kept = new Map<string, Uint8Array<ArrayBuffer>>();

/** Reads what a guest will need, while this thread still may. */
export function keepPumps(guest: WebAssembly.Module): void {
  const polls = WebAssembly.Module.imports(guest).some(({ name }) => name.endsWith("_poll"));
  if (!polls) return;
  for (const name of ["pump", "ring_pump"]) {
    if (!kept.has(name) && !modules.has(name)) kept.set(name, readPump(name));
  }
}

/** Reports whether pumps can call a function of a guest. */
export function isCallback(f: unknown): boolean {
  return typeof f === "function" && links(CALLBACK_PROBE, { f });
}

/**
 * Creates a function that reports which {@linkcode Entry} an index of a table is.
 *
 * In WebAssembly: `length` and `get` of a table leave JavaScript for C++, 10 µs a poll while its code is
 * not in the processor's caches, as with events that are 1 ms apart.
 */
export function createEntryCheck(t: WebAssembly.Table): (index: number) => number {
  entryCheck ??= new WebAssembly.Module(ENTRY_CHECK);
  const { exports } = new WebAssembly.Instance(entryCheck, { a: { t } });
  return exports["k"] as (index: number) => number;
}

/**
 * Creates what {@linkcode createEntryCheck} does; returns undefined for a table that pumps do not link
 * with: of other references, or of 64-bit indices.
 */
export function tryEntryCheck(t: WebAssembly.Table): ((index: number) => number) | undefined {
  try {
    return createEntryCheck(t);
  } catch (error) {
    if (error instanceof WebAssembly.LinkError) return undefined;
    throw error;
  }
}

function links(probe: Uint8Array<ArrayBuffer>, a: Record<string, unknown>): boolean {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(probe), { a } as WebAssembly.Imports);
    return true;
  } catch {
    return false;
  }
}

/**
 * A pump between two memories that calls through a table.
 *
 * @param stage.flags offset of a word in the stage that ends a batch while it is not 0
 */
export function createPump(
  guest: CallbackTarget,
  stage: { memory: WebAssembly.Memory; flags: number },
): Pump {
  const { memory, table } = guest;
  const instance = new WebAssembly.Instance(loadModule("pump"), {
    guest: { memory, table },
    stage: { memory: stage.memory, flags: stage.flags },
  });
  return instance.exports["pump"] as Pump;
}

/** A pump from a shown ring that calls through a table. */
export function createRingPump(guest: CallbackTarget, ring: ShownRing): RingPump {
  const { memory, table } = guest;
  const instance = new WebAssembly.Instance(loadModule("ring_pump"), {
    guest: { memory, table },
    ring: {
      memory: ring.memory,
      page: ring.pageBytes,
      mask: ring.sizeBytes - 1,
      state: ring.state,
      flags: ring.flags,
    },
  });
  return instance.exports as unknown as RingPump;
}

function loadModule(name: string): WebAssembly.Module {
  let module = modules.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(kept.get(name) ?? readPump(name));
    modules.set(name, module);
    kept.delete(name);
  }
  return module;
}

function readPump(name: string): Uint8Array<ArrayBuffer> {
  try {
    return readAsset(`${name}${suffix()}.bin`);
  } catch (cause) {
    throw new HostError(`Cannot read the event pump ${name}.bin`, {
      code: "PUMP_MISSING",
      hint: "in a source checkout, run ./dev build first",
      cause,
    });
  }
}
