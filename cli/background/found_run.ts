/** Finds what a run in the background runs, and checks its options, without starting it. */
import { capabilityBits, type Definition, type Runs, RunsError } from "../../service/mod.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { runLine } from "../run_line.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { type BackgroundStart, defineRun } from "./start.ts";

/** Run that was found. */
export interface FoundRun {
  readonly definition: Definition;
  /** Module, or the object of a package. */
  readonly object: Uint8Array<ArrayBuffer>;
  /** True for a module of a registry or an address. */
  readonly isForeign: boolean;
}

/**
 * Finds the run that words of `wasm-bpf run` describe, as a start does.
 *
 * @param name of a run whose words have none
 * @throws {HostError} for wrong options, and for a module that cannot be found or may not run
 */
export async function findRun(
  words: readonly string[],
  { places }: Runs,
  name = "run",
): Promise<FoundRun> {
  const line = parseCommandLine(
    words[0] === "--detach" ? [...words] : ["--detach", ...words],
    RUN_OPTIONS,
  );
  let found: BackgroundStart | undefined;
  await runLine(line, undefined, {
    check: () => {},
    define: (start) => {
      found = start;
      return Promise.resolve(0);
    },
  });
  if (found === undefined) {
    throw new RunsError("it does not start anything", { code: "BAD_FILE" });
  }
  return {
    definition: defineRun(found, places)(line.values.name ?? name),
    object: found.object,
    isForeign: found.module.origin !== undefined,
  };
}

/**
 * Returns the capabilities that a defined run needs now: those of its module as it is, since a tool of
 * the box is another one after an upgrade. If the module is not found, those of its definition.
 */
export async function capabilitiesNow(definition: Definition, runs: Runs): Promise<bigint> {
  try {
    const { object } = await findRun(definition.words, runs);
    return capabilityBits(capabilitiesOf({ definition, object }));
  } catch {
    // The start reports the reason, or finds it: a registry can be back by then.
    const names = definition.capabilities ?? capabilitiesOf({ definition, object: undefined });
    return capabilityBits(names);
  }
}
