/** Runs a guest in a worker of its own, and stays in charge of it. */
import { HostError } from "../ffi/errors.ts";
import { Interrupt } from "../ffi/mod.ts";
import { keepChanged, type StopCode, stopped } from "./control.ts";
import { hostFunctionError } from "./errors.ts";
import type { GuestModule } from "./module.ts";
import { StartQueue } from "./start_queue.ts";
import type { GuestStats } from "./stats.ts";
import { ControlState } from "./wasm/rewrite.ts";
import {
  claims,
  ControlWord,
  fromData,
  type Job,
  lackOfDescriptors,
  type Message,
  notLoaded,
  notSent,
} from "./worker_messages.ts";
import { type GuestExit, jobOf, type SpawnOptions } from "./spawn_options.ts";

/** Longest delay of a timer in milliseconds; a longer one fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** As many workers are made at a time as there are processors. */
const starts = new StartQueue(navigator.hardwareConcurrency);

/** Time that a worker has to end after a request, until it is given up. */
const GIVE_UP_MS = 1000;

/**
 * Runs a guest in a worker.
 *
 * It returns at once; the worker is made afterwards, one a processor at a time, and where there are too
 * few descriptors left for one the guest fails with code `EMFILE`. When `exited` resolves, everything the guest loaded or attached is released.
 * Dispose the handle to terminate it.
 */
export function spawn(guest: GuestModule, options: SpawnOptions = {}): GuestHandle {
  return new GuestHandle(guest, options);
}

/** A guest in a worker, made by {@linkcode spawn}. */
export class GuestHandle implements AsyncDisposable {
  readonly #guest: GuestModule;
  readonly #options: SpawnOptions;
  readonly #interrupt = Interrupt.create();
  #worker: Worker | undefined;
  /** Takes it out of the queue of starts, or gives its place there back. */
  #leaveQueue: () => void;
  readonly #exited = Promise.withResolvers<GuestExit>();
  readonly #held = new DisposableStack();
  readonly #writers = new Map<"stdout" | "stderr", WritableStreamDefaultWriter>();
  readonly #writes = new Set<Promise<void>>();
  readonly #asking: ((stats: GuestStats | undefined) => void)[] = [];
  #control: Int32Array<SharedArrayBuffer> | undefined;
  #state: number = ControlState.Run;
  #stopCode: StopCode | undefined;
  #lastStats: GuestStats | undefined;
  #giveUp: number | undefined;
  /** Part of the job that is unclaimed while the worker has not begun. */
  #share: Pick<Job, "interrupt" | "claim"> | undefined;
  #hasEnded = false;
  #failure: HostError | undefined;
  #isOver = false;

  /** @internal Made by {@linkcode spawn}. */
  constructor(guest: GuestModule, options: SpawnOptions) {
    this.#guest = guest;
    this.#options = options;
    try {
      for (const name of ["stdout", "stderr"] as const) {
        const output = options.stdio?.[name];
        if (output instanceof WritableStream) this.#writers.set(name, output.getWriter());
      }
    } catch (error) {
      // One is locked already, such as a stream that was given for both.
      for (const writer of this.#writers.values()) writer.releaseLock();
      this.#interrupt.close();
      throw error;
    }
    this.#leaveQueue = starts.add((release) => {
      this.#leaveQueue = release;
      try {
        this.#start();
      } catch (cause) {
        // Called by a timer, where it would end the process.
        this.#end({ kind: "failed", error: notSent(guest.name, cause) });
      }
    });
    this.#watchSignal();
  }

  #start(): void {
    const lacking = lackOfDescriptors(this.#guest.name);
    if (lacking !== undefined) return this.#end({ kind: "failed", error: lacking });
    const job = jobOf(this.#guest, this.#options, this.#interrupt);
    this.#share = { interrupt: job.interrupt, claim: job.claim };
    const worker = new Worker(new URL("./guest_worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Message>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const error = notLoaded(this.#guest.name, event, "runtime/guest_worker.ts");
      this.#end({ kind: "failed", error });
    };
    worker.postMessage(job);
    const { timeMs } = this.#options.limits ?? {};
    if (timeMs !== undefined) this.#limitTime(timeMs);
  }

  #watchSignal(): void {
    const { signal } = this.#options;
    if (signal === undefined) return;
    const abort = () => this.#stop("ABORTED");
    signal.addEventListener("abort", abort);
    this.#held.defer(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }

  #limitTime(timeMs: number): void {
    if (timeMs === Infinity) return;
    const end = performance.now() + timeMs;
    let timer: number | undefined;
    const arm = () => {
      const left = end - performance.now();
      timer = left > TIMER_MAX_MS
        ? setTimeout(arm, TIMER_MAX_MS)
        : setTimeout(() => this.#stop("LIMIT_TIME"), Math.ceil(left));
    };
    arm();
    this.#held.defer(() => clearTimeout(timer));
  }

  /** Resolves when it has ended; never rejects. */
  get exited(): Promise<GuestExit> {
    return this.#exited.promise;
  }

  /**
   * Halts it at the next function or round of a loop that it comes to; when it is in a poll or a sleep,
   * at the end of that. Programs stay attached, and what they report waits in the kernel's buffers.
   */
  pause(): void {
    if (this.#state === ControlState.Run) this.#set(ControlState.Pause);
  }

  /** Lets it go on. */
  resume(): void {
    if (this.#state === ControlState.Pause) this.#set(ControlState.Run);
  }

  /** Does what the command's first Ctrl-C does: its poll or sleep ends, so that it can finish. */
  interrupt(): void {
    if (!this.#isOver) this.#interrupt.raise();
  }

  /**
   * Ends it, wherever it is, also when it is paused; what it loaded or attached is released when the
   * promise resolves.
   */
  terminate(): Promise<GuestExit> {
    this.#stop("TERMINATED");
    return this.exited;
  }

  /**
   * Returns its statistics so far. A guest that polls or sleeps reports at once, another at its next
   * poll or sleep, or its end; for one that has ended, they are the last ones.
   *
   * @throws {HostError} `NO_STATS` when it ended without ever running
   */
  async stats(): Promise<GuestStats> {
    if (!this.#isOver) {
      const answer = Promise.withResolvers<GuestStats | undefined>();
      this.#asking.push(answer.resolve);
      this.#interrupt.attend();
      const stats = await answer.promise;
      if (stats !== undefined) return stats;
    }
    if (this.#lastStats !== undefined) return this.#lastStats;
    throw new HostError(`Cannot read statistics of ${this.#guest.name}: it has not run`, {
      code: "NO_STATS",
    });
  }

  #set(state: number): void {
    this.#state = state;
    if (this.#control === undefined) return;
    Atomics.store(this.#control, ControlWord.State, state);
    Atomics.notify(this.#control, ControlWord.State);
  }

  #stop(code: StopCode): void {
    // After its last instruction there is nothing to stop, only what the kernel has to release.
    if (this.#isOver || this.#guestHasEnded() || this.#stopCode !== undefined) return;
    this.#stopCode = code;
    this.#set(ControlState.Terminate);
    this.#interrupt.terminate();
    // It is still in the queue.
    if (this.#worker === undefined) return this.#end(this.#stopExit(code));
    // Only a host function of the embedder can keep it from ending.
    this.#giveUp = setTimeout(() => this.#end(this.#stopExit(code)), GIVE_UP_MS);
  }

  #guestHasEnded(): boolean {
    return this.#hasEnded ||
      this.#control !== undefined && Atomics.load(this.#control, ControlWord.Ended) !== 0;
  }

  #stopExit(code: StopCode): GuestExit {
    if (code === "TERMINATED") return { kind: "terminated" };
    return { kind: "failed", error: stopped(this.#guest.name, code, this.#options) };
  }

  #receive(message: Message): void {
    if (this.#isOver) return;
    switch (message.type) {
      case "started":
        this.#leaveQueue();
        this.#control = message.control;
        if (message.changed !== undefined) keepChanged(this.#guest, message.changed);
        if (this.#state !== ControlState.Run) this.#set(this.#state);
        return;
      case "output":
        return this.#write(message);
      case "error":
        this.#took(message.room);
        return this.#guard("onError", () => this.#options.onError?.(fromData(message.error)));
      case "notice":
        this.#took(message.room);
        return this.#guard("onNotice", () => this.#options.onNotice?.(message.text));
      case "records":
        return this.#takeRecords(message);
      case "stats":
        this.#lastStats = message.stats;
        for (const answer of this.#asking.splice(0)) answer(message.stats);
        return this.#guard("onStats", () => this.#options.onStats?.(message.stats));
      case "ended":
        this.#hasEnded = true;
        // Detaching many programs can take the kernel seconds.
        return clearTimeout(this.#giveUp);
      case "exited":
      case "failed":
        return this.#end(this.#exitOf(message));
    }
  }

  /** Runs something of the embedder; when it throws, the guest is over. */
  #guard(what: string, call: () => void): void {
    try {
      call();
    } catch (cause) {
      this.#failure ??= hostFunctionError(what, this.#guest.name, cause);
      this.#stop("TERMINATED");
    }
  }

  #exitOf(message: Message & { type: "exited" | "failed" }): GuestExit {
    if (this.#stopCode !== undefined) return this.#stopExit(this.#stopCode);
    return message.type === "exited"
      ? { kind: "exited", code: message.code }
      : { kind: "failed", error: fromData(message.error) };
  }

  #write({ stream, bytes, room }: Message & { type: "output" }): void {
    const writer = this.#writers.get(stream);
    const output = this.#options.stdio?.[stream];
    if (writer !== undefined) {
      // A stream that fails or is closed takes no more; the guest is not to blame.
      const write = writer.write(bytes).catch(() => {}).finally(() => {
        this.#took(room);
        this.#writes.delete(write);
      });
      this.#writes.add(write);
    } else if (typeof output === "function") {
      this.#took(room);
      this.#guard(stream, () => output(bytes));
    }
  }

  #takeRecords({ message, room }: Message & { type: "records" }): void {
    let isHeld = true;
    this.#options.records?.receive(message, () => {
      if (isHeld) this.#took(room);
      isHeld = false;
    });
  }

  #took(room: number): void {
    if (this.#control === undefined) return;
    Atomics.sub(this.#control, ControlWord.PendingBytes, room);
    Atomics.notify(this.#control, ControlWord.PendingBytes);
  }

  #end(exit: GuestExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const how: GuestExit = this.#failure === undefined
      ? exit
      : { kind: "failed", error: this.#failure };
    this.#leaveQueue();
    this.#worker?.terminate();
    clearTimeout(this.#giveUp);
    this.#held.dispose();
    this.#interrupt.close();
    // Of a worker that was given up before it began.
    if (this.#share !== undefined && claims(this.#share)) {
      Interrupt.adopt(this.#share.interrupt).close();
    }
    for (const answer of this.#asking.splice(0)) answer(this.#lastStats);
    void this.#letGoStreams().then(() => this.#exited.resolve(how));
  }

  /**
   * The streams are the caller's, and stay open. A guest that ended by itself has ended when they have
   * taken what it wrote; one that was stopped is not waited for.
   */
  async #letGoStreams(): Promise<void> {
    if (this.#stopCode === undefined) await Promise.all(this.#writes);
    for (const writer of this.#writers.values()) writer.releaseLock();
  }

  /** Terminates it and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }
}
