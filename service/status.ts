/** State of a run, from its locks and files. */
import type { Definition } from "./definition.ts";
import { isLocked } from "./lock.ts";
import { bootId, isAlive } from "./processes.ts";
import type { Live, ProcessId, RunFiles } from "./run_files.ts";

/** State of a run. */
export interface Status {
  /** Name of the run. */
  readonly name: string;
  /** `ending`: the supervisor is gone, and the process of the run not yet. `lost`: killed. */
  readonly phase: Live["phase"] | "ending" | "ended" | "lost";
  /** Starts after the first one. */
  readonly restarts: number;
  /** Process that keeps it running. */
  readonly supervisor?: ProcessId;
  /** Process of the run. */
  readonly process?: ProcessId;
  /** Time of the last start, in RFC 3339. */
  readonly started?: string;
  /** Time of the end. */
  readonly ended?: string;
  /** Time of the next start. */
  readonly next?: string;
  /** Exit code of the last start that ended. */
  readonly exitCode?: number;
  /** True if a user ended it. */
  readonly stopped?: boolean;
  /** Cause of a loss. */
  readonly reason?: string;
}

/** Phases in which something of a run may be attached. */
export function isActive({ phase }: Status): boolean {
  return phase !== "ended" && phase !== "lost";
}

/**
 * Returns the state of a run. The locks decide, which the kernel releases with their processes:
 * neither a kill nor a reboot nor a reused process number makes it wrong.
 */
export function statusOf(files: RunFiles, definition: Definition): Status {
  const { name } = files;
  const isSupervised = isLocked(files.lock);
  const live = files.readLive(definition);
  if (isSupervised) {
    if (live === undefined || live.boot !== bootId()) {
      return { name, phase: "starting", restarts: 0 };
    }
    const { boot: _, lastCode, process, ...rest } = live;
    return {
      name,
      ...rest,
      // Its end may not be written yet.
      ...(process !== undefined && isAlive(process) ? { process } : {}),
      ...(lastCode === undefined ? {} : { exitCode: lastCode }),
    };
  }
  const started = live === undefined ? {} : { started: live.started };
  const restarts = live?.restarts ?? 0;
  if (isLocked(files.processLock)) {
    const process = live?.process === undefined ? {} : { process: live.process };
    return { name, phase: "ending", restarts, ...started, ...process };
  }
  const outcome = files.readOutcome();
  if (outcome !== undefined) {
    const { code, ...rest } = outcome;
    return { name, phase: "ended", exitCode: code, ...rest };
  }
  const isOfThisBoot = live === undefined ? files.hasLive(definition) : live.boot === bootId();
  const reason = !isOfThisBoot
    ? "the machine was restarted"
    : live === undefined
    ? "its start was interrupted"
    : "its supervisor was killed";
  return { name, phase: "lost", restarts, ...started, reason };
}
