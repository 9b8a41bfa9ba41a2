/** One run that is kept running: started, watched, started again. */
import type { Definition } from "./definition.ts";
import type { LogStream } from "./log_line.ts";
import { identify } from "./processes.ts";
import { restartDelay, STEADY_MS } from "./restart.ts";
import type { Live, Outcome } from "./run_files.ts";

/** Bytes of a run's streams, and remarks about it. */
export interface RunLog {
  write(stream: LogStream, bytes: Uint8Array<ArrayBuffer>): void;
  note(text: string): void;
  flush(): void;
}

/** State of a run as its supervisor knows it. */
export type RunState = Omit<Live, "boot" | "supervisor">;

/** Parts of a supervised run. */
export interface SupervisedOptions {
  readonly definition: Definition;
  readonly log: RunLog;
  /** Command of one start. */
  readonly command: { readonly program: string; readonly args: readonly string[] };
  /** Called at each change. */
  readonly onChange: (state: RunState) => void;
}

/** Time that a run has after SIGTERM, as with podman. */
const GRACE_MS = 10_000;
/** A traced command may keep the pipes open after the end of its run. */
const DRAIN_MS = 500;

/** Run that is started again as its policy says. */
export class Supervised {
  readonly #options: SupervisedOptions;
  #child: Deno.ChildProcess | undefined;
  #wish: "none" | "stop" | "restart" = "none";
  #wake = Promise.withResolvers<void>();
  #restarts = 0;
  /** Starts until now, for whatever reason. */
  #starts = 0;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** Ends the run: SIGTERM, and SIGKILL ten seconds later. */
  stop(): void {
    this.#wish = "stop";
    this.#end();
  }

  /** Ends the run and starts it again. */
  restart(): void {
    if (this.#wish === "none") this.#wish = "restart";
    this.#end();
  }

  #end(): void {
    this.#wake.resolve();
    const child = this.#child;
    if (child === undefined) return;
    kill(child, "SIGTERM");
    const timer = setTimeout(() => kill(child, "SIGKILL"), GRACE_MS);
    child.status.finally(() => clearTimeout(timer));
  }

  /** Starts the run, and again as its policy says; returns when it stays ended. */
  async run(): Promise<Outcome> {
    const { definition, log } = this.#options;
    let failures = 0;
    for (;;) {
      // The time of day may be set meanwhile.
      const begin = performance.now();
      const started = new Date().toISOString();
      const code = await this.#runOnce(started);
      const lasted = performance.now() - begin;
      if (lasted >= STEADY_MS) failures = 0;
      // stop() may have been called while the run ended.
      const wish = this.#wish as "none" | "stop" | "restart";
      if (wish === "restart") {
        this.#wish = "none";
        this.#wake = Promise.withResolvers();
        failures = 0;
        continue;
      }
      const delay = wish === "stop"
        ? undefined
        : restartDelay(definition.restart, { code, failures });
      if (delay === undefined) return this.#outcome(code, started);
      log.note(`ended with exit code ${code}; starts again in ${delay / 1000} s`);
      const next = new Date(Date.now() + delay).toISOString();
      this.#report({ phase: "waiting", started, lastCode: code, next });
      await this.#wait(delay);
      if ((this.#wish as string) === "stop") return this.#outcome(code, started);
      this.#wish = "none";
      this.#wake = Promise.withResolvers();
      failures++;
      this.#restarts++;
    }
  }

  #outcome(code: number, started: string): Outcome {
    const stopped = this.#wish === "stop";
    return { code, stopped, restarts: this.#restarts, started, ended: new Date().toISOString() };
  }

  async #runOnce(started: string): Promise<number> {
    const { definition, log, command: { program, args } } = this.#options;
    if (this.#wish !== "none") return 0;
    this.#report({ phase: "starting", started });
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        args: [...args],
        cwd: definition.cwd,
        clearEnv: true,
        // For the metrics of the run.
        env: { ...definition.env, WASM_BPF_RESTARTS: `${this.#starts}` },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      log.note(`cannot start: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
    this.#child = child;
    this.#starts += 1;
    const id = identify(child.pid);
    this.#report({ phase: "running", started, ...(id === undefined ? {} : { process: id }) });
    const ends = [this.#pump("stdout", child.stdout), this.#pump("stderr", child.stderr)];
    const { code } = await child.status;
    this.#child = undefined;
    await within(Promise.all(ends.map(({ done }) => done)), DRAIN_MS);
    await Promise.all(ends.map(({ cancel }) => cancel()));
    log.flush();
    return code;
  }

  #pump(
    stream: LogStream,
    source: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): { done: Promise<void>; cancel: () => Promise<void> } {
    const reader = source.getReader();
    const copy = async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        this.#options.log.write(stream, value);
      }
    };
    return { done: copy(), cancel: () => reader.cancel().catch(() => {}) };
  }

  #report(state: Omit<RunState, "restarts">): void {
    this.#options.onChange({ ...state, restarts: this.#restarts });
  }

  async #wait(ms: number): Promise<void> {
    await within(this.#wake.promise, ms);
  }
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, ms);
  await Promise.race([promise, timer.promise]);
  clearTimeout(id);
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}
