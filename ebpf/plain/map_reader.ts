/** Reader of the elements of maps. */
import { type BpfMap, errno, type Interrupt } from "../../ffi/mod.ts";
import { BpfError } from "../errors.ts";
import { MapType } from "../map_types.ts";
import { memoryOf, NO_ROOM, PAGE_BYTES } from "./readers.ts";

/** Elements of a map, without gaps. */
export interface Elements {
  readonly count: number;
  readonly keys: Uint8Array<ArrayBuffer>;
  /** All CPUs' values of a per-CPU map, each padded to 8 bytes. */
  readonly values: Uint8Array<ArrayBuffer>;
}

/** Hashes that refuse further keys when they are full. */
const BOUNDED: ReadonlySet<number> = new Set([MapType.Hash, MapType.PercpuHash]);

const LOOKUP = 1, DELETE = 3, NEXT_KEY = 4, LOOKUP_AND_DELETE = 21;

const BATCH_LOOKUP = 24, BATCH_LOOKUP_AND_DELETE = 25;

/** Elements of a first batch; the kernel needs room for a whole bucket of a hash. */
const FIRST_BATCH = 4096;

const MAX_BATCH_BYTES = 64 << 20;

/** Reads the elements of a map, and deletes them if asked to. */
export class MapReader implements Disposable {
  readonly #map: BpfMap;
  readonly #interrupt: Interrupt;
  readonly #memory = memoryOf(PAGE_BYTES);
  #batches = true;

  constructor(map: BpfMap, interrupt: Interrupt) {
    this.#map = map;
    this.#interrupt = interrupt;
    this.#batches = !NO_BATCHES.has(map.type);
  }

  /** CPUs whose values each element has. */
  get cpus(): number {
    return this.#map.cpus;
  }

  /** Elements that the loaded map takes, if it is a hash that refuses others; otherwise undefined. */
  get bound(): number | undefined {
    return BOUNDED.has(this.#map.type) ? this.#map.maxEntries : undefined;
  }

  /**
   * Reads all elements.
   *
   * @param clear deletes what it reads; arrays keep their elements
   * @throws {BpfError}
   */
  read({ clear = false }: { clear?: boolean } = {}): Elements {
    const clears = clear && !ARRAYS.has(this.#map.type);
    if (this.#batches) {
      const read = this.#readBatches(clears);
      if (read !== undefined) return read;
      this.#batches = false;
    }
    return this.#readEach(clears);
  }

  #readBatches(clear: boolean): Elements | undefined {
    const { keyBytes, valueBytes, maxEntries } = this.#map;
    const parts: Elements[] = [];
    let room = Math.max(16, Math.min(FIRST_BATCH, maxEntries));
    const token = Math.max(keyBytes, 4);
    const keysAt = 64 + Math.ceil(token / 8) * 16;
    let isFirst = true;
    for (;;) {
      const valuesAt = Math.ceil((keysAt + room * keyBytes) / 8) * 8;
      this.#reserve(valuesAt + room * valueBytes);
      new DataView(this.#memory.bytes.buffer).setUint32(0, room, true);
      const command = clear ? BATCH_LOOKUP_AND_DELETE : BATCH_LOOKUP;
      const result = this.#map.batch(
        ...[this.#interrupt, this.#memory, command, isFirst ? 0 : 64] as const,
        ...[64, keysAt, valuesAt, 0, 0, 0] as const,
      );
      if (result === NO_ROOM && room * (keyBytes + valueBytes) < MAX_BATCH_BYTES) {
        room *= 4;
        continue;
      }
      if (result === -errno("EINTR")) {
        // Left for the next wait, which ends by it.
        this.#interrupt.raise();
        return joined(parts);
      }
      if (result < 0 && result !== -errno("ENOENT")) {
        if (isFirst && UNSUPPORTED.has(result)) return undefined;
        throw new BpfError(`read map "${this.#map.name}"`, result);
      }
      const { bytes } = this.#memory;
      const count = new DataView(bytes.buffer).getUint32(0, true);
      parts.push({
        count,
        keys: bytes.slice(keysAt, keysAt + count * keyBytes),
        values: bytes.slice(valuesAt, valuesAt + count * valueBytes),
      });
      isFirst = false;
      if (result < 0 || count === 0) return joined(parts);
    }
  }

  #readEach(clear: boolean): Elements {
    const { keyBytes, valueBytes, maxEntries } = this.#map;
    const keyAt = 64, nextAt = keyAt + Math.ceil(keyBytes / 8) * 8;
    const valueAt = nextAt + Math.ceil(keyBytes / 8) * 8;
    this.#reserve(valueAt + valueBytes);
    const parts: Elements[] = [];
    const operate = (command: number, key: number) =>
      this.#map.operate(this.#memory, command, key, valueAt, nextAt, 0, 0);
    let key = 0;
    // A hash that changes meanwhile may start over.
    for (let i = 0; i < maxEntries * 2; i++) {
      if (operate(NEXT_KEY, key) < 0) break;
      const { bytes } = this.#memory;
      if (operate(LOOKUP, nextAt) >= 0) {
        parts.push({
          count: 1,
          keys: bytes.slice(nextAt, nextAt + keyBytes),
          values: bytes.slice(valueAt, valueAt + valueBytes),
        });
      }
      bytes.copyWithin(keyAt, nextAt, nextAt + keyBytes);
      key = keyAt;
      if (parts.length >= maxEntries) break;
    }
    const all = joined(parts);
    if (clear) {
      for (let i = 0; i < all.count; i++) {
        this.#memory.bytes.set(all.keys.subarray(i * keyBytes, (i + 1) * keyBytes), nextAt);
        operate(DELETE, nextAt);
      }
    }
    return all;
  }

  /** Takes the elements of a queue or stack. */
  consume(): Elements {
    const { valueBytes, maxEntries } = this.#map;
    this.#reserve(64 + valueBytes);
    const parts: Elements[] = [];
    for (let i = 0; i < maxEntries; i++) {
      if (this.#map.operate(this.#memory, LOOKUP_AND_DELETE, 0, 64, 0, 0, 0) < 0) break;
      const values = this.#memory.bytes.slice(64, 64 + valueBytes);
      parts.push({ count: 1, keys: new Uint8Array(), values });
    }
    return joined(parts);
  }

  /** Looks one element up; undefined without it. */
  lookUp(key: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    const { valueBytes } = this.#map;
    const valueAt = 64 + Math.ceil(key.length / 8) * 8;
    this.#reserve(valueAt + valueBytes);
    this.#memory.bytes.set(key, 64);
    const result = this.#map.operate(this.#memory, LOOKUP, 64, valueAt, 0, 0, 0);
    return result < 0 ? undefined : this.#memory.bytes.slice(valueAt, valueAt + valueBytes);
  }

  #reserve(bytes: number): void {
    const missing = Math.ceil((bytes - this.#memory.bytes.length) / PAGE_BYTES);
    if (missing > 0) this.#memory.grow(missing);
  }

  [Symbol.dispose](): void {
    this.#memory.close();
  }
}

const ARRAYS: ReadonlySet<number> = new Set([MapType.Array, MapType.PercpuArray]);

const NO_BATCHES: ReadonlySet<number> = new Set([
  MapType.StackTrace,
  MapType.CgroupStorage,
  MapType.PercpuCgroupStorage,
]);

const UNSUPPORTED: ReadonlySet<number> = new Set([
  -errno("EOPNOTSUPP"),
  -errno("EINVAL"),
  NO_ROOM,
]);

function joined(parts: readonly Elements[]): Elements {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const join = (pick: (part: Elements) => Uint8Array) => {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + pick(part).length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(pick(part), at);
      at += pick(part).length;
    }
    return bytes;
  };
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    keys: join(({ keys }) => keys),
    values: join(({ values }) => values),
  };
}
