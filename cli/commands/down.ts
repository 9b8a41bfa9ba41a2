/** `wasm-bpf down`: ends the runs of a file. */
import { supervision } from "../../runtime/supervision.ts";
import { isActive, placesOf, Runs, RunsError } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import { realFile } from "../background/real_file.ts";
import { UsageError } from "../errors.ts";
import { print } from "../terminal/output_file.ts";

/** Help of `down`. */
export const PAGE: HelpPage = {
  usage: ["down FILE"],
  about: "Ends the runs of a file and the up that keeps them, and removes their logs.",
  options: {},
};

const SIGTERM = 15;
const SIGKILL = 9;
/** Runs have ten seconds to end. */
const WAIT_MS = 20_000;
const LOOK_MS = 50;
/** The kernel ends the runs of a killed supervisor. */
const KILL_MS = 10_000;

/** Ends and removes the runs. */
export async function command(args: string[]): Promise<number> {
  const { rest: [file, more] } = parseCommandLine(args, {}, { interleaved: true });
  if (file === undefined || more !== undefined) {
    throw new UsageError("Cannot end: down takes one file");
  }
  const path = realFile(file);
  const runs = new Runs(placesOf());
  const listed = () => runs.list().filter(({ definition }) => definition.file === path);
  if (listed().length === 0) {
    throw new RunsError(`Cannot end the runs of "${path}": none found`, {
      code: "NO_RUN",
      hint: "run wasm-bpf ps -a --json to show the file of each run",
    });
  }
  const asked = new Set<number>();
  for (const end = performance.now() + WAIT_MS;;) {
    const active = listed().filter(({ status }) => isActive(status));
    if (active.length === 0) break;
    for (const { status: { supervisor } } of active) {
      if (supervisor === undefined || asked.has(supervisor.start)) continue;
      supervision.signal(supervisor.pid, supervisor.start, SIGTERM);
      asked.add(supervisor.start);
    }
    if (performance.now() > end) {
      // It hangs.
      for (const { status: { supervisor } } of active) {
        if (supervisor !== undefined) {
          supervision.signal(supervisor.pid, supervisor.start, SIGKILL);
        }
      }
    }
    if (performance.now() > end + KILL_MS) {
      throw new RunsError(`Cannot end the runs of "${path}": they do not react`, { code: "BUSY" });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  for (const { definition: { name } } of listed()) {
    await runs.remove(name);
    print(name);
  }
  return 0;
}
