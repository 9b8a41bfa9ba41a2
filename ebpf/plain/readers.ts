/** Readers of an object's output: buffers, iterators, printed lines, and elements of maps. */
import {
  BpfIterator,
  type BpfLink,
  type BpfMap,
  bufferDescriptor,
  errno,
  EventBuffer,
  type Interrupt,
  LinearMemory,
  PrintedLines,
} from "../../ffi/mod.ts";
import { BpfError } from "../errors.ts";
import { MapType } from "../map_types.ts";
import type { Source } from "./event_loop.ts";

const PAGE_BYTES = 65536;
const BATCH_BYTES = 512 * 1024;
const NO_ROOM = -errno("ENOSPC");
const RESTART = -errno("ERESTART");

function memoryOf(bytes: number): LinearMemory {
  return new LinearMemory(
    new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES), maximum: PAGE_BYTES }),
  );
}

/** A ring buffer or perf event array; its records go to `onBatch`, framed as `buffer_read` does. */
export class BufferReader implements Source, Disposable {
  readonly #buffer: EventBuffer;
  readonly #memory: LinearMemory;
  readonly #onBatch: (batch: Uint8Array<ArrayBuffer>) => void;
  readonly descriptor: number;

  /** @throws {BpfError} when it cannot be opened */
  constructor(
    map: BpfMap,
    { interrupt, latencyMs, onBatch }: {
      interrupt: Interrupt;
      latencyMs: number;
      onBatch: (batch: Uint8Array<ArrayBuffer>) => void;
    },
  ) {
    const buffer = EventBuffer.open(map, interrupt);
    if (typeof buffer === "number") throw new BpfError(`open map "${map.name}"`, buffer);
    this.#buffer = buffer;
    this.#buffer.setLatency(latencyMs);
    this.#memory = memoryOf(BATCH_BYTES);
    this.#onBatch = onBatch;
    this.descriptor = bufferDescriptor(buffer);
  }

  drain(): boolean {
    return this.#read(0) > 0;
  }

  wait(timeoutMs: number): number {
    return this.#read(timeoutMs);
  }

  /** Records that the kernel dropped and counted. */
  get lost(): number {
    return this.#buffer.lost;
  }

  #read(timeoutMs: number): number {
    const { bytes } = this.#memory;
    let size = this.#buffer.read(this.#memory, 0, bytes.length, timeoutMs);
    if (size === NO_ROOM) {
      // One record can be as long as the ring.
      this.#grow(this.#buffer.recordMaxBytes);
      size = this.#buffer.read(this.#memory, 0, this.#memory.bytes.length, 0);
    }
    if (size > 0) this.#onBatch(this.#memory.bytes.subarray(0, size));
    return size;
  }

  #grow(bytes: number): void {
    const missing = Math.ceil((bytes - this.#memory.bytes.length) / PAGE_BYTES);
    if (missing > 0) this.#memory.grow(missing);
  }

  [Symbol.dispose](): void {
    this.#buffer.close();
    this.#memory.close();
  }
}

/** Lines of bpf_trace_printk. */
export class PrintReader implements Source, Disposable {
  readonly #lines: PrintedLines;
  readonly #memory = memoryOf(PAGE_BYTES);
  readonly #onLine: (line: PrintedLine) => void;
  #rest = "";
  readonly #decoder = new TextDecoder();

  private constructor(lines: PrintedLines, onLine: (line: PrintedLine) => void) {
    this.#lines = lines;
    this.#onLine = onLine;
  }

  /** Opens a private copy of the trace pipe, or returns a negative errno. */
  static open(onLine: (line: PrintedLine) => void): PrintReader | number {
    const lines = PrintedLines.open();
    return typeof lines === "number" ? lines : new PrintReader(lines, onLine);
  }

  get descriptor(): number {
    return this.#lines.descriptor;
  }

  drain(): boolean {
    const size = this.#lines.read(this.#memory, 0, this.#memory.bytes.length);
    if (size <= 0) return false;
    const bytes = this.#memory.bytes.slice(0, size);
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    return true;
  }

  #line(line: string): void {
    const parsed = PRINTED.exec(line);
    if (parsed !== null) {
      const { comm = "", pid = "0", text = "" } = parsed.groups ?? {};
      this.#onLine({ comm: comm.trim(), pid: Number(pid), text });
    } else if (line.trim() !== "" && !/^CPU:\d+ \[LOST \d+ EVENTS\]/.test(line)) {
      // A text of several lines goes on.
      this.#onLine({ comm: "", pid: 0, text: line });
    }
  }

  [Symbol.dispose](): void {
    this.#lines.close();
    this.#memory.close();
  }
}

/** A printed line, and the task that ran meanwhile. */
export interface PrintedLine {
  readonly comm: string;
  readonly pid: number;
  readonly text: string;
}

/** Line of trace_pipe (Documentation/trace/ftrace.rst of the kernel). */
const PRINTED =
  /^\s*(?<comm>.{1,16})-(?<pid>\d+)\s+(?:\([\s\d-]+\)\s+)?\[\d+\]\s+\S+\s+[\d.]+:\s+bpf_trace_printk: (?<text>.*)$/;

/** Reads one pass of an iterator, in pieces, to its end; false when it was interrupted. */
export function readIterator(
  link: BpfLink,
  { interrupt, name, onBytes }: {
    interrupt: Interrupt;
    name: string;
    onBytes: (bytes: Uint8Array<ArrayBuffer>) => void;
  },
): boolean {
  const iterator = BpfIterator.open(link, interrupt);
  if (typeof iterator === "number") throw new BpfError(`read iterator "${name}"`, iterator);
  using _iterator = iterator;
  using memory = memoryOf(BATCH_BYTES);
  for (;;) {
    const size = iterator.read(memory, 0, memory.bytes.length);
    if (size === RESTART) continue;
    if (size === -errno("EINTR")) return false;
    if (size < 0) throw new BpfError(`read iterator "${name}"`, size);
    if (size === 0) return true;
    onBytes(memory.bytes.slice(0, size));
  }
}

/** Elements of a map, without gaps. */
export interface Elements {
  readonly count: number;
  readonly keys: Uint8Array<ArrayBuffer>;
  /** All CPUs' values of a per-CPU map, each padded to 8 bytes. */
  readonly values: Uint8Array<ArrayBuffer>;
}

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
