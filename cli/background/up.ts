/** Process that keeps the runs of a file running, in the foreground. */
import {
  capabilityBits,
  type Definition,
  isActive,
  keep,
  type Kept,
  OutputLines,
  OutputQueues,
  placesOf,
  RunFiles,
  Runs,
  RunsError,
  ServiceManager,
} from "../../service/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { formatError } from "../terminal/output.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { runLine } from "../run_line.ts";
import {
  capabilityWord,
  checkCapabilities,
  holdStatistics,
  keepCapabilities,
} from "./capabilities.ts";
import { capabilitiesNow } from "./found_run.ts";
import { defineRun } from "./start.ts";
import { type ListedRun, readUpFile } from "./up_file.ts";

/** Run of the file that is kept running. */
interface Entry {
  readonly definition: Definition;
  readonly kept: Kept;
}

/** Runs of a file. */
export class Up {
  readonly #path: string;
  readonly #runs = new Runs(placesOf());
  readonly #entries = new Map<string, Entry>();
  readonly #manager = new ServiceManager();
  readonly #output = new OutputQueues();
  readonly #codes: number[] = [];
  readonly #ended = Promise.withResolvers<void>();
  /** Reloads and the end, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #isEnding = false;
  /** Capabilities that no run of the file needed at the start. */
  #givenUp = 0n;

  /** @param path absolute, without links */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Starts the runs, and returns when all of them have ended. SIGHUP reads the file again, SIGTERM and
   * SIGINT end the runs.
   *
   * @returns 0, or the first exit code that is not 0
   * @throws {RunsError} `BAD_FILE`, and errors of the runs, before any of them starts
   */
  async run(): Promise<number> {
    const wanted = await this.#define(readUpFile(this.#path));
    holdStatistics([...wanted.values()]);
    this.#givenUp = keepCapabilities(
      capabilityBits([...wanted.values()].flatMap(({ capabilities = [] }) => capabilities)),
    );
    const end = () => this.#enqueue(() => this.#end());
    Deno.addSignalListener("SIGTERM", end);
    Deno.addSignalListener("SIGINT", end);
    Deno.addSignalListener("SIGHUP", () => this.#enqueue(() => this.#reload()));
    await this.#enqueue(async () => {
      await this.#start(wanted);
      this.#ready();
    });
    if (this.#entries.size === 0) this.#ended.resolve();
    await this.#ended.promise;
    await this.#work;
    this.#manager[Symbol.dispose]();
    await this.#output.flush();
    return this.#isEnding ? 0 : this.#codes.find((code) => code !== 0) ?? 0;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch((error) => this.#output.note(formatError(error, { verbose: false })));
    return done.catch((error) => {
      if (this.#entries.size === 0) throw error;
    });
  }

  #ready(): void {
    this.#manager.ready(`${this.#entries.size} runs`);
  }

  /** Returns the definitions of the runs; nothing has changed if one of them is wrong. */
  async #define(listed: readonly ListedRun[]): Promise<Map<string, Definition>> {
    const definitions = new Map<string, Definition>();
    for (const { name, words, line } of listed) {
      try {
        const definition = await this.#definition(name, words);
        this.#checkNeeds(definition);
        definitions.set(name, definition);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        const { message, code, hint, detail } = error;
        throw new RunsError(`Cannot use "${this.#path}": line ${line}: run "${name}": ${message}`, {
          ...{ code, hint, detail },
          cause: error,
        });
      }
    }
    return definitions;
  }

  /** Refuses a run that is to be started and lacks capabilities; one that goes on has its own. */
  #checkNeeds(definition: Definition): void {
    const running = this.#entries.get(definition.name)?.definition;
    if (running !== undefined && isSame(running, definition)) return;
    const needed = capabilityBits(definition.capabilities ?? []);
    checkCapabilities(definition, { needed, givenUp: this.#givenUp });
  }

  async #definition(name: string, words: readonly string[]): Promise<Definition> {
    const line = parseCommandLine([...words], RUN_OPTIONS);
    let definition: Definition | undefined;
    await runLine(line, undefined, {
      check: () => {},
      define: (start) => {
        definition = { ...defineRun(start, this.#runs.places)(name), file: this.#path };
        return Promise.resolve(0);
      },
    });
    if (definition !== undefined) return definition;
    throw new RunsError("it does not start anything", { code: "BAD_FILE" });
  }

  async #start(wanted: ReadonlyMap<string, Definition>): Promise<void> {
    for (const definition of wanted.values()) this.#checkFree(definition);
    for (const definition of wanted.values()) await this.#startOne(definition);
  }

  #checkFree({ name }: Definition): void {
    if (this.#entries.has(name) || !this.#runs.names().includes(name)) return;
    const { definition, status } = this.#runs.find(name);
    if (definition.file === this.#path && !isActive(status)) return;
    throw new RunsError(`Cannot use the name "${name}": another run has it`, {
      code: "NAME_TAKEN",
      hint: definition.file === undefined
        ? `run wasm-bpf stop --rm ${name}, or change the name in the file`
        : `run wasm-bpf down ${definition.file}`,
    });
  }

  async #startOne(definition: Definition): Promise<void> {
    const { name } = definition;
    const { places } = this.#runs;
    const files = new RunFiles(places, name);
    if (this.#runs.names().includes(name)) files.writeDefinition(definition);
    else await this.#runs.create({ given: name }, () => definition);
    const running = Promise.withResolvers<void>();
    const lines = { stdout: new OutputLines(name), stderr: new OutputLines(name) };
    const kept = await keep(files, {
      command: {
        program: Deno.execPath(),
        args: [
          ...["__supervised", places.state, name, `${Deno.pid}`],
          capabilityWord(this.#givenUp),
        ],
      },
      onOutput: (stream, bytes) => this.#output.write(stream, lines[stream].mark(bytes)),
      onRunning: running.resolve,
    });
    const entry = { definition, kept };
    this.#entries.set(name, entry);
    kept.done.then((code) => {
      running.resolve();
      if (this.#entries.get(name) !== entry) return;
      this.#codes.push(code);
      this.#entries.delete(name);
      if (this.#entries.size === 0) this.#ended.resolve();
    });
    await running.promise;
  }

  async #reload(): Promise<void> {
    if (this.#isEnding) return;
    this.#manager.reloading();
    try {
      const wanted = await this.#define(readUpFile(this.#path));
      for (const definition of wanted.values()) this.#checkFree(definition);
      const gone = [...this.#entries.values()].filter(({ definition }) => {
        const next = wanted.get(definition.name);
        return next === undefined || !isSame(definition, next);
      });
      await Promise.all(gone.map((entry) => this.#stopOne(entry)));
      for (const { definition: { name } } of gone) {
        if (!wanted.has(name)) await this.#runs.remove(name);
      }
      for (const definition of wanted.values()) {
        if (!this.#entries.has(definition.name)) await this.#startOne(definition);
      }
    } catch (error) {
      // The runs go on as they were.
      this.#output.note(formatError(error, { verbose: false }));
    }
    this.#ready();
  }

  async #stopOne({ definition: { name }, kept }: Entry): Promise<void> {
    // Deleted first: its end does not end the process.
    this.#entries.delete(name);
    kept.stop();
    await kept.done;
  }

  async #end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#manager.stopping();
    await Promise.all([...this.#entries.values()].map((entry) => this.#stopOne(entry)));
    this.#ended.resolve();
  }
}

/** Reports whether two definitions run the same module with the same options. */
function isSame(one: Definition, other: Definition): boolean {
  // The machine changes what the same run needs.
  const text = ({ created: _created, capabilities: _needs, ...rest }: Definition) =>
    JSON.stringify(rest);
  return text(one) === text(other);
}

/**
 * Keeps a run of `run -d` running in the foreground, for a service manager. SIGHUP starts it again.
 *
 * @returns its exit code
 * @throws {RunsError} `BUSY` if it runs already
 */
export async function keepStored(name: string): Promise<number> {
  const runs = new Runs(placesOf());
  const { files, definition } = runs.find(name);
  const needed = await capabilitiesNow(definition, runs);
  holdStatistics([definition]);
  const givenUp = keepCapabilities(needed);
  using manager = new ServiceManager();
  const output = new OutputQueues();
  const kept = await keep(files, {
    command: {
      program: Deno.execPath(),
      args: [
        ...["__supervised", runs.places.state, name, `${Deno.pid}`],
        capabilityWord(givenUp),
      ],
    },
    onOutput: (stream, bytes) => output.write(stream, bytes.slice()),
    onRunning: () => manager.ready("running"),
  });
  const stop = () => {
    manager.stopping();
    kept.stop();
  };
  Deno.addSignalListener("SIGTERM", stop);
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGHUP", kept.restart);
  const code = await kept.done;
  await output.flush();
  return code;
}
