/** `wasm-bpf rm`: removes artifacts from the store. */
import { placesOf, Runs } from "../../service/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { existingStore, nameInStore } from "../module/local_store.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { keptFor } from "./prune.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

const OPTIONS = {
  "quiet": { short: "q", help: "do not print what was removed" },
  "keep": { help: "remove references only; prune removes the blobs later" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `rm`. */
export const PAGE: HelpPage = {
  usage: ["rm [OPTIONS] REFERENCE..."],
  about:
    "Removes references from the local store, and the blobs that only they need. A digest, or " +
    "its first digits as images shows them, selects every reference to it.",
  options: OPTIONS,
};

/** Removes all named artifacts, or none if one is missing. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [first] = rest;
  if (first === undefined) throw new UsageError("No reference given");
  refuseRuns(rest);
  await using store = existingStore(first);
  const removed = await store.untag(rest.map((word) => nameInStore(store, word)));
  const names = removed.map(({ annotations, digest }) =>
    annotations?.["org.opencontainers.image.ref.name"] ?? digest
  );
  const { freedBytes, unreadable } = flags.has("keep")
    ? { freedBytes: 0, unreadable: [] }
    : await store.prune();
  if (unreadable.length > 0) printError(visibleLine(`note: ${keptFor(unreadable).message}`));
  if (flags.has("quiet")) return 0;
  names.forEach((name) => print(visibleLine(name)));
  const count = formatCount(names.length, "reference");
  printError(`removed ${count}, freed ${formatBytes(freedBytes)}`);
  return 0;
}

/** Refuses names of runs, which are not references. */
function refuseRuns(words: readonly string[]): void {
  const names = new Set(new Runs(placesOf()).names());
  const run = words.find((word) => names.has(word));
  if (run === undefined) return;
  throw new UsageError(
    `Cannot remove "${run}": it is a run in the background, not a module`,
    `run wasm-bpf stop --rm ${run}`,
  );
}
