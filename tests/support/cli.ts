/** Runs the compiled binary as a person would. */
import { fromFileUrl } from "./paths.ts";

/** The binary under test. */
export const WASM_BPF = fromFileUrl("../../dist/wasm-bpf");

/** The process tracer of `examples/bootstrap`. */
export const BOOTSTRAP = fromFileUrl("../../dist/examples/bootstrap/bootstrap.wasm");

/** A guest of `tests/guests`, by its folder's name. */
export function guestPath(name: string): string {
  return fromFileUrl(`../../dist/tests/${name}.wasm`);
}

/** Result of a run. */
export interface CliResult {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** Options of a run. */
export interface CliOptions {
  /** Command to run it through, such as `["strace", "-f"]`. */
  through?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

function command(args: string[], options: CliOptions): Deno.Command {
  const [program = WASM_BPF, ...rest] = [...options.through ?? [], WASM_BPF, ...args];
  return new Deno.Command(program, {
    args: rest,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

/** Runs it to its end. */
export async function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  const { code, signal, stdout, stderr } = await command(args, options).output();
  const decoder = new TextDecoder();
  return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A run that goes on while the test does something. */
export class CliProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #readers: Promise<void>[];
  readonly #text = { stdout: "", stderr: "" };
  #changed = Promise.withResolvers<void>();
  #open = 2;

  constructor(args: string[], options: CliOptions = {}) {
    this.#child = command(args, options).spawn();
    this.#readers = [
      this.#collect("stdout", this.#child.stdout),
      this.#collect("stderr", this.#child.stderr),
    ];
  }

  async #collect(
    name: "stdout" | "stderr",
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text[name] += text;
      this.#notify();
    }
    this.#open--;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#text.stdout;
  }

  get stderr(): string {
    return this.#text.stderr;
  }

  /** Waits until standard output matches; fails when the program ends first or the time is over. */
  async waitFor(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      const left = deadline - Date.now();
      // Both streams: the end of one may be seen before text of the other.
      if (this.#open === 0 || left <= 0) {
        throw new Error(`no ${pattern} in:\n${this.stdout}\nstderr:\n${this.stderr}`);
      }
      await within(this.#changed.promise, left);
    }
  }

  /** Sends a signal, if the program has not ended: its result shows if it ended too early. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Waits for the end. */
  async result(): Promise<CliResult> {
    const { code, signal } = await this.#child.status;
    await Promise.all(this.#readers);
    return { code, signal, stdout: this.stdout, stderr: this.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.result();
  }
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, ms);
  await Promise.race([promise, timer.promise]);
  clearTimeout(id);
}
