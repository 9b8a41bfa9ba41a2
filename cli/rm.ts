/** `wasm-bpf rm`: removes artifacts from the store. */
import { UsageError } from "./errors.ts";
import { existingStore, nameInStore } from "./local_store.ts";
import { type OptionSpec, parseCommandLine } from "./options.ts";
import { printError, visible } from "./output.ts";
import { print } from "./output_file.ts";
import { keptFor } from "./prune.ts";
import { formatBytes, formatCount } from "./units.ts";

export const HELP = `Usage: wasm-bpf rm [OPTIONS] REFERENCE...

Removes references from the local store, and what nothing else there needs.
A digest, or its first digits as images shows them, stands for every reference
to it.

  -q, --quiet   say nothing of what was removed
      --keep    remove the references only; prune removes the rest later
  -h, --help    show this`;

const OPTIONS = {
  "quiet": { short: "q" },
  "keep": {},
} as const satisfies Record<string, OptionSpec>;

/** Removes all of them, or when one is not there none. */
export async function command(args: string[]): Promise<number> {
  const { flags, rest } = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [first] = rest;
  if (first === undefined) throw new UsageError("No reference given");
  await using store = existingStore(first);
  const removed = await store.untag(rest.map((word) => nameInStore(store, word)));
  const names = removed.map(({ annotations, digest }) =>
    annotations?.["org.opencontainers.image.ref.name"] ?? digest
  );
  const { freedBytes, unreadable } = flags.has("keep")
    ? { freedBytes: 0, unreadable: [] }
    : await store.prune();
  if (unreadable.length > 0) printError(visible(`note: ${keptFor(unreadable).message}`));
  if (flags.has("quiet")) return 0;
  names.forEach((name) => print(visible(name)));
  const count = formatCount(names.length, "reference");
  printError(`removed ${count}, freed ${formatBytes(freedBytes)}`);
  return 0;
}
