/** Plain objects whose records are iterated over: runs without a guest, each in a worker. */
import type { EmbeddedOptions } from "../cli/object/embedded.ts";
import { HostError } from "../ffi/errors.ts";
import { Interrupt } from "../ffi/mod.ts";
import type { DecodedRecord } from "../records/mod.ts";
import type { GuestExit } from "../runtime/mod.ts";
import { fromData, lackOfDescriptors, notLoaded, notSent } from "../runtime/worker_messages.ts";
import { type RecordRoom, type RecordSources, roomOf } from "./guest.ts";
import { receiveRecords } from "./guest_records.ts";
import { ControlWord, type ObjectMessage } from "./object_messages.ts";
import type { RecordIterator } from "./record_iterator.ts";
import { type BatchOptions, type ReadOptions, RecordStreams } from "./record_streams.ts";
import type { RecordBatch, SourceInfo } from "./sources.ts";

/** Options of a plain object's run. */
export interface ObjectOptions extends Omit<EmbeddedOptions, "name"> {
  /** Name of the object, for errors; default: `object`. */
  readonly name?: string;
  /** Handling of records that come faster than they are taken. */
  readonly records?: RecordRoom;
  /** Gets a line for what is left out, lost, or of another type; default: nothing does. */
  readonly onWarning?: (text: string) => void;
  /** Terminates it. */
  readonly signal?: AbortSignal;
}

/** Time that a worker has to end after a request, until it is given up. */
const GIVE_UP_MS = 5000;

/**
 * Loads and attaches an eBPF object, or a package of one, in a worker, and takes its records:
 *
 * ```ts ignore
 * await using run = traceObject(await Deno.readFile("events.bpf.o"));
 * for await (const event of run.records<Event>("events")) console.log(event.pid);
 * ```
 *
 * Sources have the names that the command shows: of maps, iterators, or `printk`. Everything is released
 * when `exited` resolves.
 */
export function traceObject(
  bytes: Uint8Array<ArrayBuffer>,
  options: ObjectOptions = {},
): TracedObject {
  return new TracedObject(bytes, options);
}

/** Run of a plain object, made by {@linkcode traceObject}. Dispose it to terminate it. */
export class TracedObject implements RecordSources, AsyncDisposable {
  readonly #name: string;
  readonly #streams: RecordStreams;
  readonly #options: ObjectOptions;
  readonly #interrupt = Interrupt.create();
  readonly #control = new Int32Array(new SharedArrayBuffer(12));
  readonly #exited = Promise.withResolvers<GuestExit>();
  readonly #attached = Promise.withResolvers<void>();
  readonly #abort = () => void this.#stop("ABORTED");
  #worker: Worker | undefined;
  #share: bigint | undefined;
  #giveUp: number | undefined;
  #stopped: "TERMINATED" | "ABORTED" | undefined;
  #failure: HostError | undefined;
  #isOver = false;

  /** @internal Made by {@linkcode traceObject}. */
  constructor(bytes: Uint8Array<ArrayBuffer>, options: ObjectOptions) {
    const { name = "object", records = {}, signal } = options;
    this.#name = name;
    this.#options = options;
    this.#streams = new RecordStreams({ name, maxBytes: roomOf(records) });
    // Both are optional to wait for.
    this.#attached.promise.catch(() => {});
    // First: the end, which can come at once, removes it.
    signal?.addEventListener("abort", this.#abort);
    const lacking = lackOfDescriptors(name);
    if (lacking !== undefined) this.#end({ kind: "failed", error: lacking });
    else this.#start(bytes);
    if (signal?.aborted) this.#abort();
  }

  #start(bytes: Uint8Array<ArrayBuffer>): void {
    const { records: _records, onWarning: _onWarning, signal: _signal, ...options } = this.#options;
    const worker = new Worker(new URL("./object_worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<ObjectMessage>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const error = notLoaded(this.#name, event, "library/object_worker.ts");
      this.#end({ kind: "failed", error });
    };
    this.#share = this.#interrupt.share();
    try {
      worker.postMessage({
        ...{ bytes, options: { ...options, name: this.#name } },
        ...{ interrupt: this.#share, control: this.#control },
      });
    } catch (cause) {
      this.#end({ kind: "failed", error: notSent(this.#name, cause) });
    }
  }

  /** Resolves when all programs are attached; rejects if they cannot be. */
  get attached(): Promise<void> {
    return this.#attached.promise;
  }

  /** Resolves when it has ended and everything is released; never rejects. */
  get exited(): Promise<GuestExit> {
    return this.#exited.promise;
  }

  /** Does what the command's Ctrl-C does: tables are read for the last time, and iterators end. */
  interrupt(): void {
    if (!this.#isOver) this.#interrupt.raise();
  }

  /** Ends it; records that wait are still delivered. */
  terminate(): Promise<GuestExit> {
    this.#stop("TERMINATED");
    return this.exited;
  }

  #stop(code: "TERMINATED" | "ABORTED"): void {
    if (this.#isOver || this.#stopped !== undefined) return;
    this.#stopped = code;
    Atomics.store(this.#control, ControlWord.IsStopped, 1);
    Atomics.notify(this.#control, ControlWord.PendingBytes);
    this.#interrupt.terminate();
    this.#giveUp = setTimeout(() => this.#end(this.#stoppedExit(code)), GIVE_UP_MS);
  }

  #stoppedExit(code: "TERMINATED" | "ABORTED"): GuestExit {
    if (code === "TERMINATED") return { kind: "terminated" };
    const cause = this.#options.signal?.reason;
    const error = new HostError(`${this.#name} was stopped: its signal was aborted`, {
      ...{ code, cause },
    });
    return { kind: "failed", error };
  }

  #receive(message: ObjectMessage): void {
    if (this.#isOver) return;
    switch (message.type) {
      case "records": {
        const { room } = message;
        return receiveRecords(this.#streams, message.message, () => this.#release(room));
      }
      case "warning":
        return this.#warn(message.text);
      case "attached":
        this.#streams.complete(message.sources);
        return this.#attached.resolve();
      case "exited":
        return this.#end(
          this.#stopped === undefined
            ? { kind: "exited", code: 0 }
            : this.#stoppedExit(this.#stopped),
        );
      case "failed":
        return this.#end(
          this.#stopped === undefined
            ? { kind: "failed", error: fromData(message.error) }
            : this.#stoppedExit(this.#stopped),
        );
    }
  }

  #warn(text: string): void {
    try {
      this.#options.onWarning?.(text);
    } catch (cause) {
      this.#failure ??= new HostError(`A function for ${this.#name} failed: onWarning`, {
        code: "HOST_FUNCTION",
        cause,
      });
      this.#stop("TERMINATED");
    }
  }

  #release(room: number): void {
    Atomics.sub(this.#control, ControlWord.PendingBytes, room);
    Atomics.notify(this.#control, ControlWord.PendingBytes);
  }

  #end(how: GuestExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const exit: GuestExit = this.#failure === undefined
      ? how
      : { kind: "failed", error: this.#failure };
    clearTimeout(this.#giveUp);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#worker?.terminate();
    // Of a worker that was given up before it began.
    if (
      this.#share !== undefined &&
      Atomics.compareExchange(this.#control, ControlWord.Claim, 0, 1) === 0
    ) Interrupt.adopt(this.#share).close();
    this.#interrupt.close();
    const error = exit.kind === "failed" ? exit.error : undefined;
    this.#attached.reject(
      error ?? new HostError(`${this.#name} has ended`, { code: "TERMINATED" }),
    );
    this.#streams.end(error);
    this.#exited.resolve(exit);
  }

  /** Iterates over values of the records of a source; see {@linkcode RecordSources}. */
  records<T = unknown>(source: string, options: ReadOptions<T> = {}): RecordIterator<T> {
    return this.#streams.records(source, options);
  }

  /** Iterates over records as JSON shows them. */
  shownRecords(source: string, options: BatchOptions = {}): RecordIterator<DecodedRecord> {
    return this.#streams.shown(source, options);
  }

  /** Iterates over batches. */
  batches(source: string, options: BatchOptions = {}): RecordIterator<RecordBatch> {
    return this.#streams.batches(source, options);
  }

  /** Sources of the object; all of them once it is attached. */
  get sources(): SourceInfo[] {
    return this.#streams.sources;
  }

  /** Terminates it and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }
}
