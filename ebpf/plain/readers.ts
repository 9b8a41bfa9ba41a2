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
import { KeptPrefixes } from "../../ffi/bytes.ts";
import { BpfError } from "../errors.ts";
import { MapType } from "../map_types.ts";
import { type PrintedLine, PrintedText } from "./printed_text.ts";
import type { Source } from "./event_loop.ts";

export const PAGE_BYTES = 65536;

const BATCH_BYTES = 512 * 1024;

/** Most that is read at the end of what has no known size: perf buffers, and the trace pipe. */
const REST_BYTES = 64 * BATCH_BYTES;

export const NO_ROOM = -errno("ENOSPC");

const RESTART = -errno("ERESTART");

export function memoryOf(bytes: number): LinearMemory {
  return new LinearMemory(
    new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES), maximum: PAGE_BYTES }),
  );
}

/** A ring buffer or perf event array; its records go to `onBatch`, framed as `buffer_read` does. */
export class BufferReader implements Source, Disposable {
  readonly #buffer: EventBuffer;
  readonly #memory: LinearMemory;
  readonly #onBatch: (batch: Uint8Array<ArrayBuffer>) => void;
  readonly #batches = new KeptPrefixes();
  readonly descriptor: number;
  readonly #restBytes: number;

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
    this.#restBytes = Math.max(REST_BYTES, map.type === MapType.RingBuffer ? map.maxEntries : 0);
  }

  drain(): number {
    return this.#read(0);
  }

  /** Reads everything that the buffer holds, but no more than that: programs may go on. */
  drainRest(isDone: () => boolean): void {
    drainRest(this, this.#restBytes, isDone);
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
    if (size > 0) this.#onBatch(this.#batches.of(this.#memory.bytes, size));
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

/** Reads what a source holds, up to some bytes. */
export function drainRest(source: { drain(): number }, bytes: number, isDone: () => boolean): void {
  for (let left = bytes; left > 0 && !isDone();) {
    const size = source.drain();
    if (size <= 0) return;
    left -= size;
  }
}

/** Lines of bpf_trace_printk. */
export class PrintReader implements Source, Disposable {
  readonly #lines: PrintedLines;
  readonly #memory = memoryOf(PAGE_BYTES);
  readonly #text: PrintedText;

  private constructor(lines: PrintedLines, onLine: (line: PrintedLine) => void) {
    this.#lines = lines;
    this.#text = new PrintedText(onLine);
  }

  /** Opens a private copy of the trace pipe, or returns a negative errno. */
  static open(onLine: (line: PrintedLine) => void): PrintReader | number {
    const lines = PrintedLines.open();
    return typeof lines === "number" ? lines : new PrintReader(lines, onLine);
  }

  get descriptor(): number {
    return this.#lines.descriptor;
  }

  drain(): number {
    const size = this.#lines.read(this.#memory, 0, this.#memory.bytes.length);
    if (size <= 0) return 0;
    this.#text.add(this.#memory.bytes.slice(0, size));
    return size;
  }

  /** Lines that the kernel overwrote before they were read. */
  get lost(): number {
    return this.#text.lost;
  }

  /** Reads the lines that there are, though programs may go on printing. */
  drainRest(isDone: () => boolean): void {
    drainRest(this, REST_BYTES, isDone);
  }

  [Symbol.dispose](): void {
    this.#lines.close();
    this.#memory.close();
  }
}

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
