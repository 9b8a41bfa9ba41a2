/** `wasm-bpf restart`: starts runs again, whether they run or not. */
import { isActive, placesOf, Runs } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import { hasCapabilities } from "../background/capabilities.ts";
import { endRun, refuseListed, restartRunning } from "../background/end.ts";
import { capabilitiesNow } from "../background/found_run.ts";
import { launch } from "../background/launch.ts";
import { UsageError } from "../errors.ts";
import { print } from "../terminal/output_file.ts";

/** Help of `restart`. */
export const PAGE: HelpPage = {
  usage: ["restart NAME..."],
  about:
    "Starts runs in the background again, with the options and the module of their first start.",
  options: {},
};

/** Time that a run has after SIGTERM. */
const GRACE_MS = 10_000;
/** A run has ten seconds to end. */
const WAIT_MS = 20_000;

/** Restarts the named runs; all of them are found before one ends. */
export async function command(args: string[]): Promise<number> {
  const { rest } = parseCommandLine(args, {}, { interleaved: true });
  const runs = new Runs(placesOf());
  if (rest.length === 0) throw new UsageError("No run given");
  rest.forEach((name) => runs.find(name));
  let code = 0;
  for (const name of rest) {
    const failure = await restart(runs, name);
    if (failure === undefined) print(name);
    else code = failure;
  }
  return code;
}

/**
 * Restarts a run, with a new supervisor if the one that it has lacks capabilities of the run, or has more.
 *
 * @returns its exit code if it failed at its start
 */
async function restart(runs: Runs, name: string): Promise<number | undefined> {
  const { definition, status } = runs.find(name);
  refuseListed({ definition, status }, "restart");
  const needed = await capabilitiesNow(definition, runs);
  const { supervisor } = status;
  if (supervisor !== undefined && isActive(status)) {
    if (hasCapabilities(supervisor.pid, needed)) {
      if (await restartRunning(runs, name, WAIT_MS)) return undefined;
    } else await endRun(runs, name, GRACE_MS);
  }
  return await launch(runs, name, needed);
}
