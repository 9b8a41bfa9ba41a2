/** Keeps a run running with its files: lock, state, log, outcome. */
import type { Definition } from "./definition.ts";
import { FileLock } from "./lock.ts";
import type { LogStream } from "./log_line.ts";
import { LogWriter } from "./log_writer.ts";
import { makeFolder } from "./places.ts";
import { bootId, identify } from "./processes.ts";
import type { RunFiles } from "./run_files.ts";
import { type RunState, Supervised } from "./supervised.ts";

/** Looks of `ps` and the end of a killed predecessor take less. */
const LOCK_WAIT_MS = 15_000;

/** Program and arguments of one start. */
export interface StartCommand {
  /** Path of the program. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
}

/** Options of {@linkcode keep}. */
export interface KeepOptions {
  /** Command of one start. */
  readonly command: StartCommand;
  /** Gets the output in addition to the log. */
  readonly onOutput?: (stream: LogStream, bytes: Uint8Array<ArrayBuffer>) => void;
  /** Called when the run has a process, at each start. */
  readonly onRunning?: () => void;
}

/** Run that this process keeps running. */
export interface Kept {
  /** Definition that it runs. */
  readonly definition: Definition;
  /** Exit code, when the run stays ended. Its lock is released then. */
  readonly done: Promise<number>;
  /** Ends it. */
  stop(): void;
  /** Starts it again. */
  restart(): void;
}

/**
 * Starts a run and keeps it running.
 *
 * @throws {RunsError} `BUSY` if another process keeps it
 */
export async function keep(files: RunFiles, options: KeepOptions): Promise<Kept> {
  const { command, onOutput, onRunning } = options;
  const definition = files.readDefinition();
  const lock = await FileLock.acquire(files.lock, LOCK_WAIT_MS);
  try {
    files.writeOutcome(undefined);
    makeFolder(definition.runtime);
  } catch (error) {
    // A process of several runs goes on, and may be told to try again.
    lock[Symbol.dispose]();
    throw error;
  }
  const log = new LogWriter(files.log, { maxBytes: definition.logBytes });
  const boot = bootId();
  const supervisor = identify(Deno.pid) ?? { pid: Deno.pid, start: 0 };
  const onChange = (state: RunState) => {
    try {
      files.writeLive(definition, { ...state, boot, supervisor });
    } catch (error) {
      // A full disk does not end a run.
      log.note(error instanceof Error ? error.message : String(error));
    }
    if (state.phase === "running") onRunning?.();
  };
  const both = {
    write: (stream: LogStream, bytes: Uint8Array<ArrayBuffer>) => {
      log.write(stream, bytes);
      onOutput?.(stream, bytes);
    },
    note: (text: string) => {
      log.note(text);
      onOutput?.("stderr", new TextEncoder().encode(`${text}\n`));
    },
    flush: () => log.flush(),
  };
  const run = new Supervised({ definition, log: both, command, onChange });
  const finish = async () => {
    const outcome = await run.run();
    try {
      files.writeOutcome(outcome);
      files.removeLive(definition);
    } catch (error) {
      log.note(error instanceof Error ? error.message : String(error));
    }
    log[Symbol.dispose]();
    lock[Symbol.dispose]();
    return outcome.code;
  };
  return { definition, done: finish(), stop: () => run.stop(), restart: () => run.restart() };
}

/**
 * Supervises a run until it stays ended. SIGTERM and SIGINT end it, SIGHUP starts it again.
 *
 * @returns the exit code of the run
 */
export async function supervise(files: RunFiles, command: StartCommand): Promise<number> {
  const run = await keep(files, { command });
  Deno.addSignalListener("SIGTERM", run.stop);
  Deno.addSignalListener("SIGINT", run.stop);
  Deno.addSignalListener("SIGHUP", run.restart);
  return await run.done;
}
