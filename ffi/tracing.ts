/** Printed lines, buffers to wait for, and the command that is traced: runs of plain objects. */
import { bufferPointer, type EventBuffer } from "./buffer.ts";
import { outPointer } from "./c_values.ts";
import { extendShim } from "./library.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";
import { TRACING_SYMBOLS, type TracingFunctions } from "./tracing_symbols.ts";

let loaded: TracingFunctions | undefined;

/** Returns the functions; the first call loads them. */
export function tracingShim(): TracingFunctions {
  loaded ??= extendShim(TRACING_SYMBOLS, []).functions as unknown as TracingFunctions;
  return loaded;
}

/** Finds the functions of this file, for a worker; before `settleShim()`. */
export function prepareTracing(): void {
  const { functions, settle } = extendShim(TRACING_SYMBOLS, []);
  settle();
  loaded = functions as unknown as TracingFunctions;
}

/** Returns a descriptor that is readable when the buffer has records. */
export function bufferDescriptor(buffer: EventBuffer): number {
  return tracingShim().shim_buffer__fd(bufferPointer(buffer));
}

/** Reports whether a pipe or socket has a reader; true for everything else. */
export function hasReader(descriptor: number): boolean {
  return tracingShim().shim_fd__has_reader(descriptor) === 1;
}

/** Lines of `bpf_trace_printk`, a private copy. `close()` removes its tracefs instance. */
export class PrintedLines implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Opens a tracefs instance (Linux 5.10), or returns a negative errno; see `shim_printk__open`. */
  static open(): PrintedLines | number {
    const pointer = outPointer((out) => tracingShim().shim_printk__open(out));
    return typeof pointer === "number" ? pointer : new PrintedLines(pointer);
  }

  /** Descriptor that is readable when there are lines. */
  get descriptor(): number {
    return tracingShim().shim_printk__fd(this.#pointer);
  }

  /** Reads what there is into `memory`, without waiting: bytes, or a negative errno. */
  read(memory: LinearMemory, offset: number, sizeBytes: number): number {
    return tracingShim().shim_printk__read(
      this.#pointer,
      memoryPointer(memory),
      offset,
      sizeBytes,
    );
  }

  /** Removes the instance. Further calls do nothing. */
  close(): void {
    tracingShim().shim_printk__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Command that waits to be started. `close()` ends one that was not. */
export class WaitingCommand implements Disposable {
  #pointer: Deno.PointerObject | null;

  private constructor(pointer: Deno.PointerObject) {
    this.#pointer = pointer;
  }

  /** Makes the process of `words`, or returns a negative errno. Before the thread is confined. */
  static create(words: readonly string[]): WaitingCommand | number {
    const bytes = new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
    const pointer = outPointer((out) =>
      tracingShim().shim_command__new(bytes, bytes.length, words.length, out)
    );
    return typeof pointer === "number" ? pointer : new WaitingCommand(pointer);
  }

  /** Lets it begin: 0 or a negative errno. */
  start(): number {
    return tracingShim().shim_command__start(this.#pointer);
  }

  /** Process number. */
  get pid(): number {
    return tracingShim().shim_command__pid(this.#pointer);
  }

  /** Descriptor that is readable when it has ended. */
  get descriptor(): number {
    return tracingShim().shim_command__fd(this.#pointer);
  }

  /** Exit code, 128+N after signal N; a negative errno while it runs. */
  get exitCode(): number {
    return tracingShim().shim_command__code(this.#pointer);
  }

  /** Sends it a signal. */
  signal(number: number): void {
    tracingShim().shim_command__signal(this.#pointer, number);
  }

  /** Forgets it. Further calls do nothing. */
  close(): void {
    tracingShim().shim_command__free(this.#pointer);
    this.#pointer = null;
  }

  /** Calls {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
