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
import type { Source } from "./event_loop.ts";

export const PAGE_BYTES = 65536;

const BATCH_BYTES = 512 * 1024;

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

  drain(): number {
    return this.#read(0);
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

  drain(): number {
    const size = this.#lines.read(this.#memory, 0, this.#memory.bytes.length);
    if (size <= 0) return 0;
    const bytes = this.#memory.bytes.slice(0, size);
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    return size;
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
