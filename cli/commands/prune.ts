/** `wasm-bpf prune`: removes unreferenced blobs, and runs that have ended. */
import { Store, StoreError } from "../../oci/mod.ts";
import { placesOf, Runs } from "../../service/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { toJson } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

const OPTIONS = {
  "dry-run": { help: "only print what would be removed" },
  "json": { help: "print JSON" },
  "quiet": { short: "q", help: "print nothing" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `prune`. */
export const PAGE: HelpPage = {
  usage: ["prune [OPTIONS]"],
  about: "Removes from the local store unreferenced blobs, leftovers of killed processes, and " +
    "interrupted transfers, and removes runs in the background that have ended. Blobs that another " +
    "process is about to use are kept.",
  options: OPTIONS,
};

/** Prunes the store, if it exists. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  if (rest.length > 0) {
    throw new UsageError(
      `Cannot prune "${rest[0]}": prune takes no argument`,
      "run wasm-bpf rm REFERENCE to remove an artifact",
    );
  }
  const dryRun = flags.has("dry-run");
  await using store = Store.openExisting();
  const pruned = await store?.prune({ partials: true, dryRun }) ??
    { blobs: [], freedBytes: 0, unreadable: [] };
  const { blobs, freedBytes, unreadable } = pruned;
  const runs = await new Runs(placesOf()).prune({ dryRun });
  if (flags.has("json")) print(toJson({ ...pruned, runs }, 2));
  else if (!flags.has("quiet")) {
    if (dryRun) [...blobs, ...runs].forEach((name) => print(name));
    const count = formatCount(blobs.length, "blob");
    const ended = runs.length === 0 ? "" : `, ${formatCount(runs.length, "run")}`;
    print(`${dryRun ? "would free" : "freed"} ${formatBytes(freedBytes)}, ${count}${ended}`);
  }
  if (unreadable.length > 0) throw keptFor(unreadable);
  return 0;
}

/** Returns the reason why a prune kept every blob. */
export function keptFor(names: readonly string[]): StoreError {
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
  return new StoreError(
    `Cannot remove blobs: the manifest of ${shown} is missing or damaged, ` +
      "so any blob may belong to it",
    { code: "CORRUPT_STORE", hint: "run wasm-bpf pull to repair it, or wasm-bpf rm to remove it" },
  );
}
