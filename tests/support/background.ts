/** Runs in the background with directories of their own. */
import { type CliResult, runCli } from "./cli.ts";
import { isAlive, Runs, type Status } from "../../service/mod.ts";
import { until } from "./condition.ts";

// Loads the library here, which stays: a test that loads it has a leak.
isAlive({ pid: 1, start: 0 });

/** Run as `ps --json` shows it. */
export interface ShownRun {
  readonly name: string;
  readonly status: string;
  readonly restarts: number;
  readonly exitCode?: number;
  readonly supervisor?: { readonly pid: number };
  readonly process?: { readonly pid: number };
  readonly log: string;
}

/** Kills a process that `ps` shows; the number 0 would be every process of the tests. */
export function killShown(process: { readonly pid: number } | undefined): void {
  if (process === undefined) throw new Error("ps shows no process");
  Deno.kill(process.pid, "SIGKILL");
}

/** Directories of a test's runs, which all end with it. */
export class Background implements AsyncDisposable {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "wasm-bpf-runs-" });
  readonly env: Record<string, string>;

  constructor() {
    const [state, session] = ["state", "session"].map((name) => `${this.folder}/${name}`);
    for (const path of [state ?? "", session ?? ""]) Deno.mkdirSync(path, { mode: 0o700 });
    this.env = { XDG_STATE_HOME: state ?? "", XDG_RUNTIME_DIR: session ?? "" };
  }

  /** Runs a command to its end. */
  async cli(...args: string[]): Promise<CliResult> {
    return await runCli(args, { env: this.env });
  }

  /** Runs a command that must succeed; returns its output. */
  async out(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(...args);
    if (code !== 0) throw new Error(`wasm-bpf ${args.join(" ")}: ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Returns what `ps -a` shows of a run. */
  async shown(name: string): Promise<ShownRun> {
    const runs = JSON.parse(await this.out("ps", "-a", "--json")) as ShownRun[];
    const run = runs.find((run) => run.name === name);
    if (run === undefined) throw new Error(`ps shows no ${name}`);
    return run;
  }

  /** Waits until a run has a state; returns what `ps -a` shows then. */
  async until(
    name: string,
    test: (status: Status) => boolean,
    timeoutMs = 60_000,
  ): Promise<ShownRun> {
    const runs = new Runs({
      state: `${this.env["XDG_STATE_HOME"]}/wasm-bpf`,
      runtime: `${this.env["XDG_RUNTIME_DIR"]}/wasm-bpf`,
    });
    let status = runs.find(name).status;
    await until(`${name} has the state`, () => {
      status = runs.find(name).status;
      return test(status);
    }, timeoutMs).catch((cause) => {
      throw new Error(`last state: ${JSON.stringify(status)}`, { cause });
    });
    return await this.shown(name);
  }

  /** Returns the numbers of all processes of these directories: supervisors and runs. */
  processes(): number[] {
    return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
      try {
        const line = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
        return line.includes("\0__supervise") && line.includes(this.folder);
      } catch {
        return false;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cli("stop", "--rm", "--all", "--time", "5s");
    for (const pid of this.processes()) Deno.kill(pid, "SIGKILL");
    await until("all processes are gone", () => this.processes().length === 0);
    await Deno.remove(this.folder, { recursive: true });
  }
}
