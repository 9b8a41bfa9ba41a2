/** Options of a spawned guest, and the job that its worker gets. */
import { HostError } from "../ffi/errors.ts";
import type { Interrupt } from "../ffi/mod.ts";
import { changedFor } from "./control.ts";
import type { GuestModule } from "./module.ts";
import type { SpawnRecords } from "./records.ts";
import type { FileStream, Limits, Output, RunOptions } from "./run_options.ts";
import type { Job, WorkerInput } from "./worker_messages.ts";

/** Where a spawned guest's output goes: to a stream, too. */
export type SpawnOutput = Output | WritableStream<Uint8Array<ArrayBuffer>>;

/** Options of a spawned guest. Functions are called on the thread that spawned it. */
export interface SpawnOptions extends
  Pick<
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
    | ("onError" | "onNotice" | "onStats")
  > {
  /**
   * Its standard streams; default: the process's own. Input cannot be a function, which a worker
   * cannot receive.
   */
  stdio?: { stdin?: WorkerInput; stdout?: SpawnOutput; stderr?: SpawnOutput };
  /**
   * Module whose default export are the `HostModules` that it may import, as an absolute URL: the
   * worker loads it, since functions cannot be sent there.
   */
  hostModule?: string | URL;
  /** Takes the records that it emits; default: none are wanted, and the guest prints by itself. */
  records?: SpawnRecords;
  /**
   * True if its thread is confined before its first instruction: to the folders it was given (Landlock),
   * without capabilities, to the system calls that guests need (seccomp), as far as the kernel goes.
   * Functions of `hostModule` run in that thread, too.
   * "required" makes it an error where the kernel has no Landlock or seccomp. Default: true without
   * `hostModule`, else false.
   */
  sandbox?: boolean | "required";
  /** Limits of its resources; default: WebAssembly's own. */
  limits?: Limits;
  /** Terminates it. */
  signal?: AbortSignal;
}

/** End of a spawned guest. */
export type GuestExit =
  /** By itself, with its exit code. */
  | { kind: "exited"; code: number }
  /** By `terminate()`. */
  | { kind: "terminated" }
  /** By a trap, a limit, its signal, a host function that threw; or it could not be run. */
  | { kind: "failed"; error: HostError };

function sandboxOf({ sandbox, hostModule }: SpawnOptions): Job["sandbox"] {
  const isWanted = sandbox ?? hostModule === undefined;
  return isWanted === false ? undefined : { isRequired: isWanted === "required", isAlone: false };
}

/** Limits that hold inside of the worker: all but the time, which is kept outside. */
function limitsInside({ timeMs: _timeMs, ...limits }: Limits = {}): Job["limits"] {
  return limits;
}

/** Returns the job of a worker that runs a guest. */
export function jobOf(guest: GuestModule, spawnOptions: SpawnOptions, interrupt: Interrupt): Job {
  const { args, env, preopens, listen } = spawnOptions;
  const { wrapperModule, callbackExport, countPrograms, latencyMs } = spawnOptions;
  const { allowWriteUser, permissions } = spawnOptions;
  const given = {
    ...{ args, env, preopens, listen, allowWriteUser, permissions },
    ...{ wrapperModule, callbackExport, countPrograms, latencyMs },
  };
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  const { stdio, limits } = spawnOptions;
  return {
    guest,
    changed: changedFor(guest, limits?.memoryBytes),
    options,
    limits: limitsInside(limits),
    stdin: stdio?.stdin ?? "inherit",
    outputs: { stdout: outputOf(stdio?.stdout), stderr: outputOf(stdio?.stderr) },
    hostModule: spawnOptions.hostModule?.toString(),
    recordsModule: spawnOptions.records?.module.toString(),
    sandbox: sandboxOf(spawnOptions),
    interrupt: interrupt.share(),
    claim: new Int32Array(new SharedArrayBuffer(4)),
  };
}

function outputOf(output: SpawnOutput = "inherit"): "inherit" | "null" | FileStream | "parent" {
  return typeof output === "string" || "file" in output ? output : "parent";
}
