/** Ends runs. */
import { supervision } from "../../runtime/supervision.ts";
import { isActive, type ProcessId, type Run, type Runs, RunsError } from "../../service/mod.ts";

const SIGKILL = 9;
const SIGTERM = 15;
const SIGHUP = 1;

const LOOK_MS = 25;
/** The supervisor itself kills after ten seconds. */
const MORE_MS = 5000;

/**
 * Ends a run: SIGTERM, and after `graceMs` SIGKILL.
 *
 * @throws {RunsError} `BUSY` if even that does not end it
 */
export async function endRun(runs: Runs, name: string, graceMs: number): Promise<void> {
  refuseListed(runs.look(name), "stop");
  const begin = performance.now();
  for (let asked: ProcessId | undefined, isKilled = false;;) {
    const { status } = runs.look(name);
    if (!isActive(status)) return;
    const { supervisor, process } = status;
    if (supervisor !== undefined && supervisor.start !== asked?.start) {
      supervision.signal(supervisor.pid, supervisor.start, SIGTERM);
      asked = supervisor;
    }
    const waited = performance.now() - begin;
    if (waited > graceMs && !isKilled && process !== undefined) {
      supervision.signal(process.pid, process.start, SIGKILL);
      isKilled = true;
    }
    if (waited > graceMs + MORE_MS && supervisor !== undefined) {
      // A supervisor that hangs: the run ends with it.
      supervision.signal(supervisor.pid, supervisor.start, SIGKILL);
    }
    if (waited > graceMs + 2 * MORE_MS) {
      throw new RunsError(`Cannot end run "${name}": it does not react`, {
        code: "BUSY",
        hint: `look at process ${process?.pid ?? supervisor?.pid ?? "of the run"}`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/**
 * Starts a run again that runs.
 *
 * @returns false if it does not run
 */
export async function restartRunning(runs: Runs, name: string, waitMs: number): Promise<boolean> {
  const run = runs.find(name);
  refuseListed(run, "restart");
  const { status: { supervisor, process } } = run;
  if (supervisor === undefined || !isActive(run.status)) return false;
  if (supervision.signal(supervisor.pid, supervisor.start, SIGHUP) < 0) return false;
  for (const end = performance.now() + waitMs;;) {
    const { status } = runs.find(name);
    if (!isActive(status)) return false;
    // Without a process: the previous one has ended, and the next one is not started.
    const isNew = status.process !== undefined && status.process.start !== process?.start;
    if (status.phase === "running" && isNew) return true;
    if (performance.now() > end) {
      throw new RunsError(`Cannot restart run "${name}": it does not react`, { code: "BUSY" });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/**
 * Refuses to act on a run that a process of `wasm-bpf up` keeps, which decides about the runs of its file.
 *
 * @throws {RunsError} `BUSY`
 */
export function refuseListed(
  { definition: { name, file }, status }: Pick<Run, "definition" | "status">,
  act: string,
): void {
  if (file === undefined || !isActive(status)) return;
  throw new RunsError(`Cannot ${act} run "${name}": it belongs to ${file}`, {
    code: "BUSY",
    hint: `run wasm-bpf down ${file}, or change the file and send SIGHUP to its wasm-bpf up`,
  });
}
