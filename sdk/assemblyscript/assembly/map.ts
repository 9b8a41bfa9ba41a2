// SPDX-License-Identifier: MIT
/** Maps of eBPF objects. */
import { EINVAL, ENOENT } from "./errno";
import { mapBatch, mapInfo, mapLookupAndDelete, mapOperate } from "./imports";

const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;
const GET_NEXT_KEY = 4;
const LOOKUP_BATCH = 24;
const LOOKUP_AND_DELETE_BATCH = 25;

/**
 * Returns where `{ u32 type, keySize, valueSize, maxEntries, cpus, reserved }` of a map is, until the next
 * call; 0 when there is no such map.
 */
export function infoOf(token: i32): usize {
  const info = memory.data(24, 4);
  return mapInfo(token, info) < 0 ? 0 : info;
}

/** Flags of `update()`: whether the element may or must be there. */
export const ANY: u64 = 0;
export const NO_EXIST: u64 = 1;
export const EXIST: u64 = 2;

/** Bytes of a number, or of the fields of a class. */
// @ts-ignore: decorator
@inline
function sizeOf<T>(): u32 {
  return isReference<T>() ? <u32>offsetof<T>() : <u32>sizeof<T>();
}

/**
 * A map whose keys are `K` and values `V`: numbers, or `@unmanaged` classes with their fields where the
 * eBPF half has them. For classes of `wasm-bpf gen`, which have accessors instead of fields, give the
 * sizes: `BpfMap.sized<u32, Config>(token, 4, <u32>Config.SIZE)`.
 *
 * It has room for one key and one value, where calls leave what they give: `key` and `value` are good
 * until the next call.
 */
export class BpfMap<K, V> {
  /** Where a call leaves a key. */
  readonly keyAt: usize;
  /** Where a call leaves a value, or each CPU's, `valueStep` apart. */
  readonly valueAt: usize;
  private nextAt: usize;
  /** Where a batch goes on. */
  private place: usize;

  private constructor(
    readonly token: i32,
    readonly keySize: u32,
    /** Of one value. */
    readonly elementSize: u32,
    /** Of one lookup: those of all CPUs together for a per-CPU map. */
    readonly valueSize: u32,
    readonly maxEntries: u32,
    /** Values of an element: 1, or the machine's possible CPUs. */
    readonly cpus: u32,
  ) {
    this.keyAt = heap.alloc(max<u32>(keySize, 4));
    this.nextAt = heap.alloc(max<u32>(keySize, 4));
    this.place = heap.alloc(max<u32>(keySize, 4));
    this.valueAt = heap.alloc(max<u32>(valueSize, 4));
  }

  /** A map whose sizes are those of `K` and `V`, also for each CPU; null when they are others. */
  static of<K, V>(token: i32): BpfMap<K, V> | null {
    return BpfMap.sized<K, V>(token, sizeOf<K>(), sizeOf<V>());
  }

  /** Like `of`, with sizes in bytes; 0 for the key of a queue or stack. */
  static sized<K, V>(token: i32, keySize: u32, valueSize: u32): BpfMap<K, V> | null {
    const info = infoOf(token);
    if (info == 0) return null;
    const cpus = load<u32>(info, 16);
    const whole = load<u32>(info, 8);
    // The kernel's step from one CPU's value to the next is a multiple of 8, also where there is one.
    const isRight = whole == valueSize && cpus == 1 || whole == ((valueSize + 7) & ~7) * cpus;
    if (load<u32>(info, 4) != keySize || !isRight) return null;
    return new BpfMap<K, V>(token, keySize, valueSize, whole, load<u32>(info, 12), cpus);
  }

  /** The bytes from one CPU's value to the next. */
  get valueStep(): u32 {
    return this.valueSize / this.cpus;
  }

  /** The key that the last call left. */
  get key(): K {
    return read<K>(this.keyAt);
  }

  /** The value that the last call left; the first CPU's, for a per-CPU map. */
  get value(): V {
    return read<V>(this.valueAt);
  }

  /** The value of a CPU that the last call left. */
  valueOf(cpu: u32): V {
    return read<V>(this.valueAt + cpu * this.valueStep);
  }

  /** Looks an element up: 0, and its value is in `value`; or `ENOENT`. */
  lookup(key: K): i32 {
    write<K>(this.keyAt, key, this.keySize);
    return mapOperate(this.token, LOOKUP, this.keyAt, this.valueAt, 0, 0);
  }

  /** Sets the value of an element; for a per-CPU map every CPU's. */
  update(key: K, value: V, flags: u64 = ANY): i32 {
    write<K>(this.keyAt, key, this.keySize);
    for (let cpu: u32 = 0; cpu < this.cpus; cpu++) {
      write<V>(this.valueAt + cpu * this.valueStep, value, this.elementSize);
    }
    return mapOperate(this.token, UPDATE, this.keyAt, this.valueAt, 0, flags);
  }

  /** Deletes an element. */
  delete(key: K): i32 {
    write<K>(this.keyAt, key, this.keySize);
    return mapOperate(this.token, DELETE, this.keyAt, 0, 0, 0);
  }

  /** Deletes an element and leaves its value in `value` (hashes: Linux 5.14). */
  take(key: K): i32 {
    write<K>(this.keyAt, key, this.keySize);
    return mapLookupAndDelete(this.token, this.keyAt, this.valueAt, 0);
  }

  /** Adds a value to a queue or stack; with `EXIST` the oldest makes room. */
  push(value: V, flags: u64 = ANY): i32 {
    write<V>(this.valueAt, value, this.elementSize);
    return mapOperate(this.token, UPDATE, 0, this.valueAt, 0, flags);
  }

  /** Takes the next value of a queue or stack. */
  pop(): i32 {
    return mapLookupAndDelete(this.token, 0, this.valueAt, 0);
  }

  /** Leaves the first key in `key`: 0, or `ENOENT` when the map is empty. */
  first(): i32 {
    return mapOperate(this.token, GET_NEXT_KEY, 0, 0, this.keyAt, 0);
  }

  /**
   * Leaves the key after `key` there: 0, or `ENOENT` at the end. When that element has been deleted
   * meanwhile, it starts over: ask before you delete, or use `batch()`.
   */
  next(): i32 {
    const result = mapOperate(this.token, GET_NEXT_KEY, this.keyAt, 0, this.nextAt, 0);
    if (result >= 0) memory.copy(this.keyAt, this.nextAt, this.keySize);
    return result;
  }

  /**
   * Reads up to `room` elements with one system call (Linux 5.6), and takes them out of the map with
   * `take`: as many as are in `elements` then.
   *
   * 0 when there are more: call again without `start`. `ENOENT` at the end, when these are the last;
   * `ENOSPC` when a bucket of the hash holds more than `room`.
   */
  batch(elements: Batch, start: bool, take: bool = false): i32 {
    if (elements.keySize != this.keySize || elements.valueSize != this.valueSize) return EINVAL;
    const count = memory.data(4, 4);
    store<u32>(count, elements.room);
    const command = take ? LOOKUP_AND_DELETE_BATCH : LOOKUP_BATCH;
    const from = start ? 0 : this.place;
    const result = mapBatch(
      this.token, command, from, this.place, elements.keys, elements.values, count, 0,
    );
    elements.count = result >= 0 || result == ENOENT ? load<u32>(count) : 0;
    return result;
  }
}

/** Room for elements of a map that are read together; `free()` gives it back. */
export class Batch {
  readonly keys: usize;
  readonly values: usize;
  /** Elements that are there. */
  count: u32 = 0;

  private constructor(readonly room: u32, readonly keySize: u32, readonly valueSize: u32) {
    this.keys = heap.alloc(room * keySize);
    this.values = heap.alloc(room * valueSize);
  }

  /** Room for some elements of a map. */
  static of<K, V>(map: BpfMap<K, V>, room: u32): Batch {
    return new Batch(room, map.keySize, map.valueSize);
  }

  /** Where the key of an element is. */
  keyAt(index: u32): usize {
    return this.keys + index * this.keySize;
  }

  /** Where the value of an element is. */
  valueAt(index: u32): usize {
    return this.values + index * this.valueSize;
  }

  free(): void {
    heap.free(this.keys);
    heap.free(this.values);
  }
}

// @ts-ignore: decorator
@inline
function read<T>(at: usize): T {
  if (isReference<T>()) return changetype<T>(at);
  return load<T>(at);
}

// @ts-ignore: decorator
@inline
function write<T>(at: usize, value: T, size: u32): void {
  if (isReference<T>()) {
    memory.copy(at, changetype<usize>(value), size);
  } else {
    store<T>(at, value);
  }
}
