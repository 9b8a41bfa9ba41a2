/** Serves the page of all runs, until it is ended. */
import { readLog } from "../log_reader.ts";
import type { Run, Runs } from "../runs.ts";
import type { WebSettings } from "../settings.ts";
import { servePage } from "./endpoint.ts";
import { type RunRow, RunsHub } from "./runs_hub.ts";

/** Milliseconds between two looks at the runs. */
const LOOK_MS = 1000;
/** Logs that are followed at the same time. */
const MAX_FOLLOWED = 256;

/** Parts of the server. */
export interface RunsServerParts {
  readonly runs: Runs;
  /** Returns a run as the page shows it. */
  readonly rowOf: (run: Run) => RunRow;
  readonly version: string;
  readonly web: WebSettings;
}

/** Page of all runs of a user. */
export class RunsServer {
  /** Link to the page, with its token. */
  readonly url: string;
  readonly #parts: RunsServerParts;
  readonly #hub: RunsHub;
  readonly #followed = new Set<string>();
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  /** @throws {HostError} for an address or files of TLS that cannot be used */
  constructor(parts: RunsServerParts) {
    this.#parts = parts;
    this.#hub = new RunsHub(parts.version);
    this.url = servePage(parts.web, this.#hub);
  }

  /** Follows the runs until the end. */
  async serve(): Promise<void> {
    while (!this.#isOver) {
      // A run that cannot be read is one that ps reports.
      const runs = this.#parts.runs.list();
      this.#hub.list(runs.map(this.#parts.rowOf));
      const names = new Set(runs.map(({ status }) => status.name));
      for (const { status: { name }, files } of runs) {
        if (this.#followed.has(name) || this.#followed.size >= MAX_FOLLOWED) continue;
        // Before it is followed, which goes on while the name is there.
        this.#followed.add(name);
        this.#follow(name, files.log).catch(() => this.#followed.delete(name));
      }
      for (const name of this.#followed) if (!names.has(name)) this.#followed.delete(name);
      await this.#pause();
    }
    this.#hub.end();
  }

  async #follow(name: string, log: string): Promise<void> {
    const goesOn = () => !this.#isOver && this.#followed.has(name);
    for await (const lines of readLog(log, { goesOn, isRecent: true })) {
      if (!goesOn()) return;
      this.#hub.take(name, lines);
    }
  }

  async #pause(): Promise<void> {
    const timer = setTimeout(() => this.#wake.resolve(), LOOK_MS);
    await this.#wake.promise;
    clearTimeout(timer);
    if (!this.#isOver) this.#wake = Promise.withResolvers<void>();
  }

  /** Ends the server. */
  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }
}
