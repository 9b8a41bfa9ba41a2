/** Messages between the thread of a plain object's run and its parent. */
import type { EmbeddedOptions } from "../cli/object/embedded.ts";
import type { ErrorData } from "../runtime/worker_messages.ts";
import type { RecordMessage } from "./guest_records.ts";

/** To the worker, once. */
export interface ObjectJob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly options: EmbeddedOptions;
  /** See `Interrupt.share()`. */
  readonly interrupt: bigint;
  /** Words of {@linkcode ControlWord}. */
  readonly control: Int32Array<SharedArrayBuffer>;
}

/** From the worker; `exited` or `failed` is the last. */
export type ObjectMessage =
  | { readonly type: "records"; readonly message: RecordMessage; readonly room: number }
  | { readonly type: "warning"; readonly text: string }
  /** Sources that are opened later have a name of these. */
  | { readonly type: "attached"; readonly sources: readonly string[] }
  | { readonly type: "exited" }
  | { readonly type: "failed"; readonly error: ErrorData };

/** Indexes of the words that both threads share. */
export const ControlWord = {
  /** Bytes of records on their way that were not released. */
  PendingBytes: 0,
  /** 1 when the worker is not to wait any more. */
  IsStopped: 1,
  /** 1 when one of the threads has taken the share of the interrupt. */
  Claim: 2,
} as const;
