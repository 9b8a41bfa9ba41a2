/**
 * Attempts to do more than is granted, with each list of gates left out that the arguments have. Prints
 * the names of the attempts that succeeded, as JSON. Run by `tests/ebpf/gates_test.ts`.
 *
 * When the first list has gate 6, this thread is confined like a guest's, and all attempts are made
 * through its broker, except those that need the machine.
 */
import { BpfError } from "../../ebpf/mod.ts";
import { enterSandbox } from "../../runtime/sandbox.ts";
import type { Attempt } from "../support/gates/attempt.ts";
import { LOAD_ATTEMPTS } from "../support/gates/loads.ts";
import { MACHINE_ATTEMPTS } from "../support/gates/machine.ts";
import { PLACE_ATTEMPTS } from "../support/gates/places.ts";
import { keepObjects } from "../support/object_guest.ts";

const attempts = new Map([...LOAD_ATTEMPTS, ...PLACE_ATTEMPTS]);

const [first = ""] = Deno.args;
if (first.includes("6")) {
  // A thread that is confined reads no objects.
  keepObjects();
  Deno.env.set("SHIM_TEST_GATES", first);
  enterSandbox({ grants: [], isRequired: false, isAlone: false, onNotice: () => {} });
} else {
  for (const [name, attempt] of MACHINE_ATTEMPTS) attempts.set(name, attempt);
}

/** An error before the load or the attach is a failure, too. */
async function succeeds(attempt: Attempt): Promise<boolean> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof BpfError) return false;
    throw error;
  }
}

const results: Record<string, string[]> = {};
for (const gates of Deno.args) {
  // getenv(3) of the shim sees it: both use the environment of the C library.
  Deno.env.set("SHIM_TEST_GATES", gates);
  const done: string[] = [];
  for (const [name, attempt] of attempts) if (await succeeds(attempt)) done.push(name);
  results[gates] = done;
}
// deno-lint-ignore no-console -- its output
console.log(JSON.stringify({ attempts: attempts.size, results }));
