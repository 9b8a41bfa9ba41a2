/** Starts supervisors. */
import { hasAttached, isActive, readLog, type Run, type Runs, usageOf } from "../../service/mod.ts";
import { capabilityWord } from "./capabilities.ts";
import { printError, visible, visibleLine } from "../terminal/output.ts";

/** A run that has attached nothing and computed nothing for so long is not waited for longer. */
const IDLE_MS = 2000;
/** Nor is one that computes on. */
const ATTACH_MS = 10_000;
/** A supervisor takes some 50 ms to start; this is for a busy machine. */
const START_MS = 20_000;
const LOOK_MS = 25;
/** Exit code when the supervisor cannot start the run. */
const FAILED = 1;

/**
 * Starts the supervisor of a run, and waits until the run has attached something: for two seconds in
 * which it does nothing, and for ten at most.
 *
 * @param capabilities bits that the supervisor keeps
 * @returns the exit code of a run that failed at its start, and its messages are shown; else undefined
 */
export async function launch(
  runs: Runs,
  name: string,
  capabilities: bigint,
): Promise<number | undefined> {
  const { files, definition } = runs.find(name);
  const since = new Date().toISOString();
  files.clearLive(definition);
  // Without an outcome, a supervisor that dies at once looks lost, not ended.
  files.writeOutcome(undefined);
  const supervisor = new Deno.Command(Deno.execPath(), {
    args: ["__supervise", runs.places.state, name, capabilityWord(capabilities)],
    cwd: "/",
    clearEnv: true,
    env: definition.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  supervisor.unref();
  const begin = performance.now();
  const idle = new IdleTime();
  for (let seen = false;;) {
    const { status } = runs.find(name);
    seen ||= isActive(status);
    if (status.process !== undefined && hasAttached(status.process.pid)) return undefined;
    if (status.phase === "ended") return await ended(runs.find(name), since);
    if (status.phase === "waiting") {
      await showFailure(runs.find(name), since);
      return undefined;
    }
    const waited = performance.now() - begin;
    if (status.phase === "running" && status.process !== undefined) {
      if (idle.of(status.process.pid) > IDLE_MS || waited > ATTACH_MS) return undefined;
    }
    if (waited > START_MS || (seen && status.phase === "lost")) {
      printError(visibleLine(`error: Cannot start run "${name}": its supervisor does not run`));
      return FAILED;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Time since a process last used a processor: on a busy machine, a start takes as much longer. */
class IdleTime {
  #cpuSeconds = NaN;
  #since = performance.now();

  /** Returns milliseconds since the last look that found more of it. */
  of(pid: number): number {
    const cpuSeconds = usageOf(pid)?.cpuSeconds ?? NaN;
    if (cpuSeconds !== this.#cpuSeconds) this.#since = performance.now();
    this.#cpuSeconds = cpuSeconds;
    return performance.now() - this.#since;
  }
}

async function ended(run: Run, since: string): Promise<number | undefined> {
  const { status: { exitCode = FAILED, stopped } } = run;
  if (exitCode === 0 || stopped === true) return undefined;
  await showFailure(run, since);
  return exitCode;
}

/** Shows what the run wrote to standard error since its start. */
async function showFailure({ files, definition, status }: Run, since: string): Promise<void> {
  const lines: string[] = [];
  for await (const batch of readLog(files.log)) {
    lines.push(
      ...batch.filter(({ time, stream }) => time >= since && stream === "stderr")
        .map(({ text }) => text),
    );
  }
  lines.forEach((line) => printError(visible(line)));
  const { name } = definition;
  printError(visibleLine(
    status.phase === "waiting"
      ? `warning: run "${name}" ended with exit code ${status.exitCode} and is started again`
      : `error: Run "${name}" ended at its start with exit code ${status.exitCode}`,
  ));
}
