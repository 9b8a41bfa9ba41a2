/** The inside of a worker that runs one guest; `spawn.ts` is the outside. */
import { Interrupt, prepareFiles, settleShim, signals } from "../ffi/mod.ts";
import { changedFor, keepChanged } from "./control.ts";
import { runGuestInside } from "./everything.ts";
import type { GuestRecords, GuestRecordsMaker } from "./records.ts";
import type { HostModules, Output } from "./run_options.ts";
import { ControlState } from "./wasm/rewrite.ts";
import {
  claims,
  ControlWord,
  endOf,
  type Job,
  MAX_PENDING_BYTES,
  type Message,
  MESSAGE_BYTES,
  sizeOf,
  toData,
} from "./worker_messages.ts";

/** Members of a worker's global scope that TypeScript's DOM library lacks. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Job>) => void;
  postMessage(message: Message, transfer?: Transferable[]): void;
  close(): void;
};

/** Time of one wait for the parent before checking whether the guest is over. */
const OUTPUT_WAIT_MS = 20;

async function run(job: Job): Promise<void> {
  prepareFiles();
  settleShim();
  if (!claims(job)) return;
  signals.blockFileSize();
  using interrupt = Interrupt.adopt(job.interrupt);
  const imports = job.hostModule === undefined ? undefined : await hostModules(job.hostModule);
  let control: Int32Array<SharedArrayBuffer> | undefined;
  const output = (stream: "stdout" | "stderr"): Output => {
    const kind = job.outputs[stream];
    return kind !== "parent" ? kind : (bytes) => {
      const room = waitForRoom(control, bytes.length + MESSAGE_BYTES);
      scope.postMessage({ type: "output", stream, bytes, room });
    };
  };
  const records = job.recordsModule === undefined
    ? undefined
    : await guestRecords(job.recordsModule, () => control);
  const { guest } = job;
  if (job.changed !== undefined) keepChanged(guest, job.changed);
  const code = runGuestInside(guest, {
    ...job.options,
    ...(imports === undefined ? {} : { imports }),
    ...(records === undefined ? {} : { records }),
    ...(job.sandbox === undefined ? {} : { sandbox: job.sandbox }),
    limits: job.limits,
    interrupt,
    stdio: { stdin: job.stdin, stdout: output("stdout"), stderr: output("stderr") },
    onError: (cause) => {
      const error = toData(cause);
      const room = waitForRoom(control, sizeOf(error) + MESSAGE_BYTES);
      scope.postMessage({ type: "error", error, room });
    },
    onNotice: (whole) => {
      const text = endOf(whole);
      const room = waitForRoom(control, 2 * text.length + MESSAGE_BYTES);
      scope.postMessage({ type: "notice", text, room });
    },
    onEnded: () => {
      if (control !== undefined) Atomics.store(control, ControlWord.Ended, 1);
      scope.postMessage({ type: "ended" });
    },
    onStats: (stats) => scope.postMessage({ type: "stats", stats }),
    onControl: (words) => {
      control = words;
      const changed = job.changed === undefined
        ? changedFor(guest, job.limits?.memoryBytes)
        : undefined;
      scope.postMessage({
        ...{ type: "started", control: words },
        ...(changed === undefined ? {} : { changed }),
      });
    },
  });
  scope.postMessage({ type: "exited", code });
}

async function hostModules(url: string): Promise<HostModules> {
  const { default: modules } = await import(url) as { default: HostModules };
  return modules;
}

/** Loads the taker of records before the thread is confined. */
async function guestRecords(
  url: string,
  controlOf: () => Int32Array<SharedArrayBuffer> | undefined,
): Promise<GuestRecords> {
  const { default: make } = await import(url) as { default: GuestRecordsMaker };
  return make((message, bytes, transfer = []) => {
    const room = waitForRoom(controlOf(), bytes + MESSAGE_BYTES);
    scope.postMessage({ type: "records", message, room }, [...transfer]);
  });
}

/**
 * Keeps a guest that prints, or fails, faster than its parent reads from filling the parent's memory.
 *
 * @returns what the parent gives back; nothing of what comes before the guest itself
 */
function waitForRoom(control: Int32Array<SharedArrayBuffer> | undefined, bytes: number): number {
  if (control === undefined) return 0;
  for (;;) {
    const pending = Atomics.load(control, ControlWord.PendingBytes);
    const state = Atomics.load(control, ControlWord.State);
    if (pending < MAX_PENDING_BYTES || state > ControlState.Pause) break;
    Atomics.wait(control, ControlWord.PendingBytes, pending, OUTPUT_WAIT_MS);
  }
  Atomics.add(control, ControlWord.PendingBytes, bytes);
  return bytes;
}

scope.onmessage = async ({ data }) => {
  try {
    await run(data);
  } catch (error) {
    scope.postMessage({ type: "failed", error: toData(error) });
  }
};
