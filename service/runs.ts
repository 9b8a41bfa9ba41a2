/** All runs of a user: list, create, remove. */
import { join } from "node:path";
import { checkName, type Definition, isRunName } from "./definition.ts";
import { errnoOf, fileError, RunsError } from "./errors.ts";
import { nearest } from "../ffi/nearest.ts";
import { FileLock } from "./lock.ts";
import { checkFolder, makeFolder, type Places } from "./places.ts";
import { RunFiles, runsFolder } from "./run_files.ts";
import { isActive, type Status, statusOf } from "./status.ts";

/** Run with its state. */
export interface Run {
  /** Paths of its files. */
  readonly files: RunFiles;
  /** Definition that it was created with. */
  readonly definition: Definition;
  /** State at the moment of the look. */
  readonly status: Status;
}

/** Another command holds the lock for the moment of a creation or removal. */
const LOCK_WAIT_MS = 10_000;
/** Text in the place of a module. */
const DAMAGED = "(damaged definition)";
/** Directory of a run that is being created or removed. */
const PASSING = /^\.(new|old)-/;

/** Runs below the directories of a user. */
export class Runs {
  /** Directories of the user. */
  readonly places: Places;

  /** Opens nothing yet. */
  constructor(places: Places) {
    this.places = places;
  }

  /**
   * Returns all runs in the order of their names; of those whose definition cannot be read, the ones
   * that run.
   *
   * @param onDamaged called for a run whose definition cannot be read
   */
  list(onDamaged: (error: RunsError) => void = () => {}): Run[] {
    return this.names().flatMap((name) => {
      try {
        return [this.#open(name)];
      } catch (error) {
        // Another command may remove it at this moment.
        if (error instanceof RunsError && error.code === "ENOENT") return [];
        if (!(error instanceof RunsError)) throw error;
        onDamaged(error);
        return this.#running(name);
      }
    });
  }

  /** Returns a damaged run if it runs; its locks may be as unreadable as its definition. */
  #running(name: string): Run[] {
    try {
      const run = this.#damaged(name);
      return isActive(run.status) ? [run] : [];
    } catch (error) {
      if (error instanceof RunsError) return [];
      throw error;
    }
  }

  /**
   * Returns a run to be ended, also one whose definition is damaged or of a newer version.
   *
   * @throws {RunsError} `NO_RUN`, `BAD_NAME`
   */
  look(name: string): Run {
    try {
      return this.find(name);
    } catch (error) {
      if (error instanceof RunsError && error.code === "BAD_STATE") return this.#damaged(name);
      throw error;
    }
  }

  /** Its state is in locks, and in the usual place. */
  #damaged(name: string): Run {
    const files = new RunFiles(this.places, name);
    const definition: Definition = {
      name,
      ...{ words: [], shown: [DAMAGED], cwd: "/", env: {}, created: "", logBytes: 0 },
      restart: { kind: "no" },
      runtime: this.places.runtime,
      records: false,
    };
    return { files, definition, status: statusOf(files, definition) };
  }

  /** Returns the names of all runs. */
  names(): string[] {
    const folder = runsFolder(this.places.state);
    if (!checkFolder(folder)) return [];
    return [...Deno.readDirSync(folder)]
      .filter(({ name, isDirectory }) => isDirectory && isRunName(name))
      .map(({ name }) => name).sort();
  }

  /**
   * Returns a run.
   *
   * @throws {RunsError} `NO_RUN`, `BAD_NAME`
   */
  find(name: string): Run {
    checkName(name);
    const names = this.names();
    if (names.includes(name)) return this.#open(name);
    const close = nearest(name, names);
    throw new RunsError(`Cannot find run "${name}": no such run`, {
      code: "NO_RUN",
      hint: close === undefined
        ? "run wasm-bpf ps -a to list the runs"
        : `did you mean "${close}"?`,
    });
  }

  /** Returns a free name: the given one, or that with a number. */
  freeName(wanted: string): string {
    const base = wanted.replaceAll(/[^A-Za-z0-9_.-]/g, "-").replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 56) || "run";
    const names = this.names();
    for (let number = 1;; number++) {
      const name = number === 1 ? base : `${base}-${number}`;
      if (!names.includes(name)) return name;
    }
  }

  /**
   * Creates a run, whole or not at all.
   *
   * @param define returns the definition for the name; may write files into the given directory
   * @throws {RunsError} `NAME_TAKEN`
   */
  async create(
    name: { readonly given: string } | { readonly wanted: string },
    define: (name: string, folder: string) => Definition,
  ): Promise<Run> {
    const folder = runsFolder(this.places.state);
    // The lock makes the directory above.
    using _lock = await this.#lock();
    makeFolder(folder);
    const final = "given" in name ? checkName(name.given) : this.freeName(name.wanted);
    const files = new RunFiles(this.places, final);
    if (this.names().includes(final)) throw taken(final);
    const passing = `.new-${final}`;
    const temporary = join(folder, passing);
    try {
      removeFolder(temporary);
      Deno.mkdirSync(temporary, { mode: 0o700 });
      const definition = define(final, temporary);
      new RunFiles(this.places, passing).writeDefinition(definition);
      // There from now on, and gone after a reboot.
      files.clearLive(definition);
      Deno.renameSync(temporary, files.folder);
    } catch (cause) {
      removeFolder(temporary);
      throw fileError(`create run "${final}"`, cause);
    }
    return this.#open(final);
  }

  /**
   * Removes a run that has ended.
   *
   * @throws {RunsError} `STILL_RUNNING`
   */
  async remove(name: string): Promise<void> {
    using _lock = await this.#lock();
    const files = new RunFiles(this.places, checkName(name));
    const definition = definitionIfWhole(files);
    const status = statusOf(files, definition ?? { runtime: this.places.runtime } as Definition);
    if (isActive(status)) {
      throw new RunsError(`Cannot remove run "${name}": it is running`, {
        code: "STILL_RUNNING",
        hint: `run wasm-bpf stop --rm ${name}`,
      });
    }
    if (definition !== undefined) files.removeLive(definition);
    // A rename first: a half-removed directory must not look like a run.
    const passing = join(runsFolder(this.places.state), `.old-${name}`);
    removeFolder(passing);
    try {
      Deno.renameSync(files.folder, passing);
    } catch (cause) {
      if (errnoOf(cause) === "ENOENT") return;
      throw fileError(`remove run "${name}"`, cause);
    }
    removeFolder(passing);
  }

  /** Removes runs that have ended and leftovers of killed commands; returns the names of the runs. */
  async prune({ dryRun = false } = {}): Promise<string[]> {
    const ended = this.list().filter(({ status, definition }) =>
      !isActive(status) && definition.file === undefined
    ).map(({ definition }) => definition.name);
    if (dryRun) return ended;
    for (const name of ended) await this.remove(name);
    const folder = runsFolder(this.places.state);
    if (checkFolder(folder)) {
      using _lock = await this.#lock();
      for (const { name } of [...Deno.readDirSync(folder)]) {
        if (PASSING.test(name)) removeFolder(join(folder, name));
      }
    }
    return ended;
  }

  #open(name: string): Run {
    const files = new RunFiles(this.places, name);
    const definition = files.readDefinition();
    return { files, definition, status: statusOf(files, definition) };
  }

  async #lock(): Promise<FileLock> {
    makeFolder(this.places.state);
    return await FileLock.acquire(join(this.places.state, "lock"), LOCK_WAIT_MS);
  }
}

function definitionIfWhole(files: RunFiles): Definition | undefined {
  try {
    return files.readDefinition();
  } catch {
    return undefined;
  }
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw fileError(`remove ${path}`, cause);
  }
}

function taken(name: string): RunsError {
  return new RunsError(`Cannot use the name "${name}": another run has it`, {
    code: "NAME_TAKEN",
    hint:
      `run wasm-bpf restart ${name} to start that run again, or wasm-bpf stop --rm ${name} to ` +
      "remove it",
  });
}
