/** `wasm-bpf gen systemd`: a hardened unit for a run or for a file of `up`. */
import { isRunName, placesOf, Runs } from "../../service/mod.ts";
import { findRun, type FoundRun } from "../background/found_run.ts";
import { thisMachine } from "../background/machine.ts";
import { realFile } from "../background/real_file.ts";
import { unitNeeds } from "../background/unit_needs.ts";
import { unitText } from "../background/systemd_unit.ts";
import { readUpFile } from "../background/up_file.ts";
import { UsageError } from "../errors.ts";

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
    const found = await findRun(definition.words, runs, word);
    return unitText({
      command: [program, "up", "--run", word],
      description: `wasm-bpf ${word}`,
      ...unitNeeds([found], thisMachine()),
    });
  }
  const path = realFile(word);
  const listed: FoundRun[] = [];
  for (const { words } of readUpFile(path)) listed.push(await findRun(words, runs));
  return unitText({
    command: [program, "up", path],
    description: `wasm-bpf up ${path}`,
    ...unitNeeds(listed, thisMachine()),
  });
}
