import { BuildError } from "./errors.ts";
import { say } from "./output.ts";
import { endOnSignals } from "./process.ts";
import { buildShim } from "./shim.ts";
import { buildPump } from "./pump.ts";
import { buildExamples } from "./guests.ts";
import { lockBuild } from "./step.ts";
import { buildThirdParty } from "./third_party.ts";

type Task = (args: readonly string[]) => Promise<number>;

const TASKS: Record<string, Task> = {
  build: async () => {
    using _lock = lockBuild();
    await buildThirdParty();
    await buildShim();
    await buildPump();
    await buildExamples();
    return 0;
  },
};

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const task = TASKS[name];
  if (task === undefined) {
    say(`error: Unknown task: ${name} (one of ${Object.keys(TASKS).join(", ")})`);
    return 2;
  }
  Deno.chdir(new URL("../", import.meta.url));
  endOnSignals();
  try {
    return await task(rest);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    say(`error: ${error.message}`);
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
    return 1;
  }
}

Deno.exit(await main(Deno.args));
