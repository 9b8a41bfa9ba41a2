/** A run whose figures another process serves. */
import config from "../../deno.json" with { type: "json" };
import { HostError } from "../../ffi/errors.ts";
import { FeedKind, feedMessage, type SinkOptions } from "../../records/mod.ts";
import { type RunFigures, type Service, startService } from "../../service/live.ts";
import type { LiveOption } from "../args/live_options.ts";
import type { PartOfLine } from "../args/options.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import type { FiguresWithoutErrors, LiveSink } from "../startup/figures.ts";
import { liveSettings } from "./settings.ts";

/** Milliseconds between two reports of the run's figures. */
const FIGURES_MS = 1000;
/** Milliseconds that a run waits for the process at its end. */
const END_MS = 8000;
/** Codes of errors that are counted apart. */
const MAX_CODES = 64;

/** Way of a run to the process that serves its figures. */
export class LiveRun implements LiveSink {
  readonly everyMs = FIGURES_MS;
  readonly #service: Service;
  readonly #specs: NonNullable<SinkOptions["metrics"]>;
  readonly #errors = new Map<string, number>();
  #figures: FiguresWithoutErrors = { programs: [], buffers: [] };
  #isEnded = false;

  private constructor(service: Service, specs: NonNullable<SinkOptions["metrics"]>) {
    this.#service = service;
    this.#specs = specs;
  }

  /**
   * Starts the process; before anything is confined.
   *
   * @param name name of the tool, object or module
   * @throws {UsageError} for wrong options; {HostError} for addresses and files that cannot be used
   */
  static async start(
    line: PartOfLine<LiveOption> & { readonly flags: { has(name: "verbose"): boolean } },
    name: string,
    { symbols }: { symbols: boolean },
  ): Promise<LiveRun> {
    const { specs, ...settings } = liveSettings(line);
    const identity = {
      name,
      version: config.version,
      startedMs: Date.now(),
      restarts: Number(/^\d{1,9}$/.exec(Deno.env.get("WASM_BPF_RESTARTS") ?? "0")?.[0] ?? 0),
    };
    const service = await startService({ ...settings, identity, symbols }, () => {
      printError("warning: metrics and the page have ended: their process is gone");
    });
    const { metrics, web, notes } = service.reply;
    if (metrics !== undefined) printError(`metrics: ${metrics}`);
    if (web !== undefined) printError(`page: ${web}`);
    if (line.flags.has("verbose")) {
      for (const note of notes) printError(visibleLine(`note: ${note}`));
    }
    return new LiveRun(service, specs);
  }

  /** Sink of an output, for the records. */
  get sink(): SinkOptions {
    return {
      format: "feed",
      write: (message) => this.#service.channel.write(message),
      metrics: this.#specs,
    };
  }

  /** Counts an error that the run reports. */
  error(error: unknown): void {
    const code = error instanceof HostError ? error.code : "OTHER";
    const key = this.#errors.has(code) || this.#errors.size < MAX_CODES ? code : "OTHER";
    this.#errors.set(key, (this.#errors.get(key) ?? 0) + 1);
  }

  /** Reports the run's figures. */
  figures(figures: FiguresWithoutErrors): void {
    this.#figures = figures;
    const whole: RunFigures = { ...figures, errors: Object.fromEntries(this.#errors) };
    this.#service.channel.write(feedMessage(FeedKind.Stats, whole));
    this.#service.channel.flush();
  }

  /** Ends the feed; once. */
  async end(exitCode: number | undefined): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.figures(this.#figures);
    this.#service.channel.end(exitCode);
    await this.#service.ended(END_MS);
  }
}
