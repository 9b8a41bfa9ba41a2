/** Messages between a guest's worker and its parent, and errors of workers that cannot be started. */
import { HostError } from "../ffi/errors.ts";
import { descriptorsLeft } from "../ffi/mod.ts";
import { BpfError } from "./wasm_bpf/mod.ts";
import { GuestStopped, GuestTrap, HostFunctionError, ModuleError } from "./errors.ts";
import type { FileStream, Input, Limits, RunOptions } from "./run_options.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Changed } from "./control.ts";
import type { GuestModule } from "./module.ts";
import type { GuestStats } from "./stats.ts";

/** Input that can be sent to a worker. */
export type WorkerInput = Exclude<Input, (maxBytes: number) => Uint8Array>;

/** To the worker, once. */
export interface Job {
  /** Its code is shared between threads, so that it is compiled once. */
  guest: GuestModule;
  /** The module as an earlier worker has changed it. */
  changed: Changed | undefined;
  options: Pick<
    RunOptions,
    | ("args" | "env" | "preopens" | "listen")
    | (
      | "wrapperModule"
      | "callbackExport"
      | "countPrograms"
      | "allowWriteUser"
      | "latencyMs"
      | "permissions"
    )
  >;
  limits: Omit<Limits, "timeMs">;
  stdin: WorkerInput;
  outputs: Record<"stdout" | "stderr", "inherit" | "null" | FileStream | "parent">;
  /** URL of the module with the host functions. */
  hostModule: string | undefined;
  /** URL of the module that takes the records; undefined: none are wanted. */
  recordsModule: string | undefined;
  /** True if the thread is confined; `undefined`: no. */
  sandbox: Sandbox | undefined;
  /** See `Interrupt.share()`. */
  interrupt: bigint;
  /**
   * The thread that sets it from 0 to 1 owns that share: the worker, or the parent if the worker
   * never began.
   */
  claim: Int32Array<SharedArrayBuffer>;
}

/** Reports whether the share of the interrupt is the caller's to take. */
export function claims({ claim }: Pick<Job, "claim">): boolean {
  return Atomics.compareExchange(claim, 0, 0, 1) === 0;
}

/**
 * From the worker, in the order in which things happen; `exited` or `failed` is the last. `room` is
 * what the message takes of `MAX_PENDING_BYTES`, until the parent has read it.
 */
export type Message =
  | {
    type: "started";
    control: Int32Array<SharedArrayBuffer>;
    /** The changed module, for the next worker; absent where it was in the job. */
    changed?: Changed;
  }
  | { type: "output"; stream: "stdout" | "stderr"; bytes: Uint8Array<ArrayBuffer>; room: number }
  | { type: "error"; error: ErrorData; room: number }
  | { type: "notice"; text: string; room: number }
  | { type: "records"; message: unknown; room: number }
  | { type: "stats"; stats: GuestStats }
  | { type: "ended" }
  | { type: "exited"; code: number }
  | { type: "failed"; error: ErrorData };

/**
 * Indexes of words in the control memory. The rewritten guest reads the first word. The last is 1 from
 * the guest's last instruction on: the message that says so can be in the queue behind a timer of the
 * parent's while the kernel already releases.
 */
export const ControlWord = { State: 0, PendingBytes: 1, Ended: 2 } as const;

/** Bytes of output, errors and notices on their way to the parent, at which the guest waits. */
export const MAX_PENDING_BYTES = 1024 * 1024;

/** Approximate size of a message without its payload, in bytes. */
export const MESSAGE_BYTES = 256;

/** An error as it can be sent. */
export interface ErrorData {
  name: string;
  message: string;
  code: string;
  hint: string | undefined;
  detail: string | undefined;
  cause: string | undefined;
  bpf: { op: string; errno: number } | undefined;
}

/** Most of a detail is a verifier's log; its end has the reason. */
const MAX_DETAIL_CHARACTERS = 64 * 1024;

/** The end of a text that is too long to be sent, in whole lines. */
export function endOf(text: string, characters: number = MAX_DETAIL_CHARACTERS): string {
  if (text.length <= characters) return text;
  const end = text.slice(-characters);
  return `…\n${end.slice(end.indexOf("\n") + 1)}`;
}

/** Longest text of an error other than its detail, in characters. */
const MAX_TEXT_CHARACTERS = 8 * 1024;

/** Returns the approximate size of an error in a message, in bytes. */
export function sizeOf({ message, hint, detail, cause }: ErrorData): number {
  return [message, hint, detail, cause].reduce((size, text) => size + 2 * (text?.length ?? 0), 0);
}

/** Takes an error apart. */
export function toData(error: unknown): ErrorData {
  const isHost = error instanceof HostError;
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const detail = isHost ? error.detail : error instanceof Error ? error.stack : undefined;
  return {
    name: error instanceof Error ? error.name : "Error",
    message: beginningOf(error instanceof Error ? error.message : String(error)),
    code: isHost ? error.code : "WORKER",
    hint: isHost ? error.hint : undefined,
    detail: detail === undefined ? undefined : endOf(detail),
    cause: cause === undefined ? undefined : beginningOf(String(cause)),
    bpf: error instanceof BpfError ? { op: error.op, errno: error.errno } : undefined,
  };
}

function beginningOf(text: string): string {
  return text.length <= MAX_TEXT_CHARACTERS ? text : `${text.slice(0, MAX_TEXT_CHARACTERS)}…`;
}

const CLASSES = new Map(
  [GuestStopped, GuestTrap, HostFunctionError, ModuleError].map((made) => [made.name, made]),
);

/** Puts it together again; what was its cause is text now. */
export function fromData(data: ErrorData): HostError {
  const { code, hint, detail, cause } = data;
  if (data.bpf !== undefined) {
    const error = new BpfError(data.bpf.op, data.bpf.errno, { hint, detail, cause });
    error.message = data.message;
    return error;
  }
  const Made = CLASSES.get(data.name) ?? HostError;
  return new Made(data.message, { code, hint, detail, cause });
}

/** Descriptors that a worker and what it runs may need at once. */
const WORKER_DESCRIPTORS = 32;

/**
 * Returns the error for too few descriptors, code `EMFILE`: Deno ends the process when it has none left
 * for a worker.
 */
export function lackOfDescriptors(name: string): HostError | undefined {
  const left = descriptorsLeft();
  if (left >= WORKER_DESCRIPTORS) return undefined;
  return new HostError(`Cannot run ${name} in a worker: ${left} descriptors are left`, {
    code: "EMFILE",
    hint:
      `raise the limit (ulimit -n); a worker needs up to ${WORKER_DESCRIPTORS}, and Deno keeps ` +
      "two of each until the process ends",
  });
}

/** Returns the error for options that cannot be sent, such as input that was transferred meanwhile. */
export function notSent(name: string, cause: unknown): HostError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HostError(`Cannot run ${name} in a worker: ${reason}`, { code: "WORKER", cause });
}

/** Returns the error for a worker whose module, a path of this project, cannot be loaded. */
export function notLoaded(name: string, event: ErrorEvent, module: string): HostError {
  return new HostError(`Cannot run ${name} in a worker: ${event.message}`, {
    code: "WORKER",
    hint: `a program made by deno compile needs --include ${module}`,
  });
}
