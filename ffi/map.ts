/** Maps, as the shim has them. Results are ≥ 0 or a negative errno; guest addresses are offsets. */
import { type Interrupt, interruptPointer } from "./interrupt.ts";
import { BpfLink } from "./link.ts";
import { fromCString, outPointer } from "./c_values.ts";
import { shim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";

/** The shim's side of a map. For `ffi/` only. */
export let mapPointer: (map: BpfMap) => Deno.PointerObject;

/** A map of a loaded object; it lives as long as the object. */
export class BpfMap {
  readonly #pointer: Deno.PointerObject;
  /** As libbpf has it: `events`, or `bootstra.rodata` for global data. */
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

  /** Registers a struct_ops map that has links; -EOPNOTSUPP for one that would outlive us. */
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

  /** Values that one lookup gives: 1, or for a per-CPU map the number of possible CPUs. */
  get cpus(): number {
    return shim().shim_map__cpus(this.#pointer);
  }

  /** Elements that fit; bytes of a ring buffer. */
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
   * @param interrupt ends what takes many calls of the kernel, with -EINTR
   * @param count offset of a `u32`: room for how many, then how many were done
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

  /** Looks up, updates or deletes what task storage keeps for the process whose number is the key. */
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
