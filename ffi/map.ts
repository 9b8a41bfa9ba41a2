/** Maps of the shim. Results are ≥ 0 or a negative errno; guest addresses are offsets. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { BpfLink } from "./link.ts";
import { fromCString, outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** Returns the shim's pointer of a map. For `ffi/` only. */
export let mapPointer: (map: BpfMap) => Deno.PointerObject;

/** Map of a loaded object, with the object's lifetime. */
export class BpfMap {
  readonly #pointer: Deno.PointerObject;
  /** Name in libbpf: `events`, or `bootstra.rodata` for global data. */
  readonly name: string;
  /** `BPF_MAP_TYPE_*` of `linux/bpf.h`. */
  readonly type: number;
  /** Bytes of a key; 0 for maps without keys. */
  readonly keyBytes: number;
  /** Bytes that one lookup or update transfers: all CPUs' values of a per-CPU map. */
  readonly valueBytes: number;

  static {
    mapPointer = (map) => map.#pointer;
  }

  /** @internal Made by {@linkcode BpfObject.maps}. */
  constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
    this.name = fromCString(shim().shim_map__name(pointer));
    this.type = shim().shim_map__type(pointer);
    this.keyBytes = shim().shim_map__key_size(pointer);
    this.valueBytes = Number(shim().shim_map__value_size(pointer));
  }

  /** Registers a struct_ops map with a link; -EOPNOTSUPP for one that would outlive the process. */
  attachStructOps(): BpfLink | number {
    const pointer = outPointer((out) => shim().shim_map__attach(this.#pointer, out));
    return typeof pointer === "number" ? pointer : new BpfLink(pointer);
  }

  /**
   * One bpf(2) with key and values in guest memory; see `shim_map__operate`.
   *
   * @param command `bpf_cmd`: 1 lookup, 2 update, 3 delete, 4 get next key, 21 lookup and delete
   */
  operate(
    memory: LinearMemory,
    command: number,
    key: number,
    value: number,
    nextKey: number,
    flagsLow: number,
    flagsHigh: number,
  ): number {
    return shim().shim_map__operate(
      this.#pointer,
      memoryPointer(memory),
      command,
      key,
      value,
      nextKey,
      flagsLow,
      flagsHigh,
    );
  }

  /** Values of one lookup: 1, or the number of possible CPUs for a per-CPU map. */
  get cpus(): number {
    return shim().shim_map__cpus(this.#pointer);
  }

  /** Capacity in elements; in bytes for a ring buffer. */
  get maxEntries(): number {
    return Number(shim().shim_map__max_entries(this.#pointer));
  }

  /** The kernel's number for the map, or a negative errno. */
  get id(): number {
    return shim().shim_map__id(this.#pointer);
  }

  /**
   * Operates on many elements; see `shim_map__batch`.
   *
   * @param command `bpf_cmd`: 24 lookup, 25 lookup and delete, 26 update, 27 delete
   * @param interrupt ends batches of many system calls, with -EINTR
   * @param count offset of a `u32`: capacity in elements, then the number of processed ones
   */
  batch(
    interrupt: Interrupt,
    memory: LinearMemory,
    command: number,
    inToken: number,
    outToken: number,
    keys: number,
    values: number,
    count: number,
    flagsLow: number,
    flagsHigh: number,
  ): number {
    return shim().shim_map__batch(
      this.#pointer,
      interruptPointer(interrupt),
      memoryPointer(memory),
      command,
      inToken,
      outToken,
      keys,
      values,
      count,
      flagsLow,
      flagsHigh,
    );
  }

  /** Looks up, updates or deletes the task storage of the process whose PID is the key. */
  operateOnTask(
    memory: LinearMemory,
    command: number,
    key: number,
    value: number,
    flagsLow: number,
    flagsHigh: number,
  ): number {
    return shim().shim_map__operate_on_task(
      this.#pointer,
      memoryPointer(memory),
      command,
      key,
      value,
      flagsLow,
      flagsHigh,
    );
  }
}
