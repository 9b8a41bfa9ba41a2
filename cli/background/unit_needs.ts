/** Needs of a unit: those of all of its runs. */
import { capabilitiesFor, type RunNeeds } from "../../service/mod.ts";
import type { FoundRun } from "./found_run.ts";
import type { Machine } from "./machine.ts";
import { needsOfRun, writablePaths } from "./run_needs.ts";
import type { UnitOptions } from "./systemd_unit.ts";

/**
 * Returns the parts of the unit that depend on its runs.
 *
 * @param machine that the unit is for; systemd mounts tracefs
 */
export function unitNeeds(
  runs: readonly FoundRun[],
  machine: Machine,
): Omit<UnitOptions, "command" | "description"> {
  const all = runs.map((run) => needsOfRun(run, { ...machine, hasTracefs: true }));
  const any = (need: keyof RunNeeds | "control") => all.some((needs) => needs[need]);
  const words = runs.flatMap(({ definition: { words } }) => words);
  const options = runs.flatMap(({ definition: { words } }) => words.slice(0, words.indexOf("--")));
  const listens = options.some((word) => /^--(listen|metrics|web)(=|$)/.test(word));
  const writable = [...new Set(runs.flatMap(({ definition }) => writablePaths(definition)))].sort();
  const control = any("control");
  return {
    capabilities: capabilitiesFor({
      network: any("network"),
      writes: writable.length > 0,
      listens: any("listens"),
      processes: any("processes"),
      symbols: any("symbols"),
      buffers: any("buffers"),
      system: any("system"),
      locksMaps: any("locksMaps"),
    }),
    network: any("network") || control || listens || runs.some(({ isForeign }) => isForeign),
    symbols: any("symbols"),
    control,
    writable,
    home: words.some((path) => /^(--dir=)?\/(home|root|run\/user)\//.test(path)),
  };
}
