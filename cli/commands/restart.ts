/** `wasm-bpf restart`: starts runs again, whether they run or not. */
import { placesOf, Runs } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import { restartRunning } from "../background/end.ts";
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
    const failure = await restartRunning(runs, name, WAIT_MS)
      ? undefined
      : await launch(runs, name);
    if (failure === undefined) print(name);
    else code = failure;
  }
  return code;
}
