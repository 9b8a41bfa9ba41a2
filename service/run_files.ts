/** Files of one run. */
import { join } from "node:path";
import { readRegularFile, Replacement, resolveForWriting } from "../oci/paths/mod.ts";
import { type Definition, definitionText, parseDefinition } from "./definition.ts";
import { errnoOf, fileError } from "./errors.ts";
import { makeFolder, type Places } from "./places.ts";

/** State of a run that its supervisor writes. */
export interface Live {
  /** Step of its life. */
  readonly phase: "starting" | "running" | "waiting" | "stopping";
  /** Boot in which it was written: process numbers of another one mean nothing. */
  readonly boot: string;
  /** Process that keeps it running. */
  readonly supervisor: ProcessId;
  /** Process of the run, while there is one. */
  readonly process?: ProcessId;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Exit code of the previous start. */
  readonly lastCode?: number;
  /** Time of the last start, in RFC 3339. */
  readonly started: string;
  /** Time of the next start while waiting. */
  readonly next?: string;
}

/** Process by number and start time, which no other process has. */
export interface ProcessId {
  /** Process number. */
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly start: number;
}

/** End of a run. */
export interface Outcome {
  /** Exit code. */
  readonly code: number;
  /** True if a user ended it. */
  readonly stopped: boolean;
  /** Starts after the first one. */
  readonly restarts: number;
  /** Times in RFC 3339. */
  readonly started: string;
  /** Time of the end. */
  readonly ended: string;
}

/** Definitions hold an environment and a command line: 2 MiB each at most (execve(2)). */
const MAX_DEFINITION_BYTES = 8 << 20;
const MAX_STATE_BYTES = 1 << 16;
/** Size of a small file: what replaces its content on a full disk takes no more space. */
const STATE_BYTES = 1024;

/** Paths of a run, and access to its small files. */
export class RunFiles {
  /** Name of the run. */
  readonly name: string;
  /** Directory of the run. */
  readonly folder: string;

  /** Opens nothing yet. */
  constructor({ state }: Pick<Places, "state">, name: string) {
    this.name = name;
    this.folder = join(runsFolder(state), name);
  }

  /** Lock that the supervisor holds for its life. */
  get lock(): string {
    return join(this.folder, "lock");
  }

  /** Lock that the process of the run holds for its life. */
  get processLock(): string {
    return join(this.folder, "process.lock");
  }

  /** Newest log file; older ones have a number after it. */
  get log(): string {
    return join(this.folder, "log");
  }

  /** Copy of a module that was given on standard input. */
  get module(): string {
    return join(this.folder, "module");
  }

  /**
   * Returns the definition.
   *
   * @throws {RunsError} `BAD_STATE`; `ENOENT`
   */
  readDefinition(): Definition {
    const path = join(this.folder, "run.json");
    try {
      return parseDefinition(readText(path, MAX_DEFINITION_BYTES), this.name);
    } catch (cause) {
      throw fileError(`read ${path}`, cause);
    }
  }

  /** Writes the definition. */
  writeDefinition(definition: Definition): void {
    write(join(this.folder, "run.json"), definitionText(definition));
  }

  /** Returns what the supervisor wrote last; undefined after a reboot or without one. */
  readLive({ runtime }: Pick<Definition, "runtime">): Live | undefined {
    return readJson<Live>(livePath(runtime, this.name));
  }

  /** Writes the state of a supervisor. */
  writeLive({ runtime }: Pick<Definition, "runtime">, live: Live): void {
    makeFolder(runtime);
    writeState(livePath(runtime, this.name), JSON.stringify(live));
  }

  /** Reports whether a supervisor has written its state, or was about to, since the last reboot. */
  hasLive({ runtime }: Pick<Definition, "runtime">): boolean {
    try {
      return Deno.lstatSync(livePath(runtime, this.name)).isFile;
    } catch {
      return false;
    }
  }

  /** Takes away what an earlier supervisor wrote, and keeps the space for the next one. */
  clearLive({ runtime }: Pick<Definition, "runtime">): void {
    makeFolder(runtime);
    clearState(livePath(runtime, this.name));
  }

  /** Removes the state of a supervisor. */
  removeLive({ runtime }: Pick<Definition, "runtime">): void {
    remove(livePath(runtime, this.name));
  }

  /** Returns how the run ended; undefined if it did not end by itself or by a command. */
  readOutcome(): Outcome | undefined {
    return readJson<Outcome>(join(this.folder, "outcome.json"));
  }

  /** Writes how the run ended; without one, only takes the space for it, as far as there is some. */
  writeOutcome(outcome: Outcome | undefined): void {
    const path = join(this.folder, "outcome.json");
    if (outcome !== undefined) return writeState(path, JSON.stringify(outcome));
    clearState(path);
  }
}

/** Returns the directory of all runs. */
export function runsFolder(state: string): string {
  return join(state, "runs");
}

function livePath(runtime: string, name: string): string {
  return join(runtime, `${name}.json`);
}

function readText(path: string, maxBytes: number): string {
  return new TextDecoder().decode(readRegularFile(path, { maxBytes }).bytes);
}

/** Returns the object in a file; undefined when it is missing or damaged, as after a full disk. */
function readJson<T>(path: string): T | undefined {
  try {
    const value: unknown = JSON.parse(readText(path, MAX_STATE_BYTES));
    return typeof value === "object" && value !== null ? value as T : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a small file, on a full disk in its own place: readers take a torn one for none. */
function writeState(path: string, text: string): void {
  const padded = text.padEnd(STATE_BYTES);
  try {
    write(path, padded);
  } catch (error) {
    if (errnoOf(error) !== "ENOSPC" && errnoOf(error) !== "EDQUOT") throw error;
    overwrite(path, padded, error);
  }
}

/** Empties a small file and takes the space for it, if there is some. */
function clearState(path: string): void {
  try {
    writeState(path, "");
  } catch {
    remove(path);
  }
}

function overwrite(path: string, text: string, error: unknown): void {
  const bytes = new TextEncoder().encode(text);
  try {
    if (!Deno.lstatSync(path).isFile) throw error;
    using file = Deno.openSync(path, { write: true });
    if (file.writeSync(bytes) === bytes.length) file.truncateSync(bytes.length);
  } catch {
    // It never had space.
    throw error;
  }
}

function write(path: string, text: string): void {
  try {
    using file = new Replacement(resolveForWriting(path), { mode: 0o600, keepMode: false });
    file.write(new TextEncoder().encode(text));
    file.finish();
  } catch (cause) {
    throw fileError(`write ${path}`, cause);
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw fileError(`remove ${path}`, cause);
  }
}
