/** `wasm-bpf gen systemd`: a hardened unit for a run or for a file of `up`. */
import { isRunName, placesOf, Runs } from "../../service/mod.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { defineRun } from "../background/start.ts";
import { realFile } from "../background/real_file.ts";
import { unitNeeds, type UnitRun } from "../background/unit_needs.ts";
import { unitText } from "../background/systemd_unit.ts";
import { readUpFile } from "../background/up_file.ts";
import { UsageError } from "../errors.ts";
import { runLine } from "../run_line.ts";

/**
 * Returns the text of the unit.
 *
 * @param word name of a run in the background, or a file of `up`
 */
export async function systemdUnit(word: string | undefined): Promise<string> {
  if (word === undefined) throw new UsageError("No run or file given", "pass NAME or FILE");
  const runs = new Runs(placesOf());
  const program = Deno.execPath();
  if (isRunName(word) && runs.names().includes(word)) {
    const { definition } = runs.find(word);
    const unit = await unitRun(definition.words, runs);
    return unitText({
      command: [program, "up", "--run", word],
      description: `wasm-bpf ${word}`,
      ...unitNeeds([unit]),
    });
  }
  const path = realFile(word);
  const listed: UnitRun[] = [];
  for (const { words } of readUpFile(path)) listed.push(await unitRun(words, runs));
  return unitText({
    command: [program, "up", path],
    description: `wasm-bpf up ${path}`,
    ...unitNeeds(listed),
  });
}

/** Finds the module and checks the options, as a start does. */
async function unitRun(words: readonly string[], { places }: Runs): Promise<UnitRun> {
  const line = parseCommandLine(
    words[0] === "--detach" ? [...words] : ["--detach", ...words],
    RUN_OPTIONS,
  );
  let found: UnitRun | undefined;
  await runLine(line, undefined, {
    check: () => {},
    define: (start) => {
      const { bytes, origin } = start.module;
      const definition = defineRun(start, places)(line.values.name ?? "run");
      found = { definition, bytes, isForeign: origin !== undefined };
      return Promise.resolve(0);
    },
  });
  if (found === undefined) throw new UsageError("Cannot write a unit: this starts nothing");
  return found;
}
