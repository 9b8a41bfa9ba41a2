/** `wasm-bpf tag`: adds a reference to an artifact in the store. */
import { storedName } from "../../oci/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { existingStore, nameInStore } from "../module/local_store.ts";
import { parseCommandLine } from "../args/options.ts";
import { artifactReference } from "../args/reference.ts";

/** Help of `tag`. */
export const PAGE: HelpPage = {
  usage: ["tag SOURCE TARGET"],
  about: "Adds the reference TARGET to what the local store has as SOURCE, replacing an older " +
    "TARGET. wasm-bpf push TARGET then sends it there.",
  options: {},
};

/** Adds the reference. */
export async function command(args: string[]): Promise<number> {
  const { rest } = parseCommandLine(args, {}, { interleaved: true });
  const [source, target, more] = rest;
  if (source === undefined || target === undefined || more !== undefined) {
    throw new UsageError(
      "Cannot tag: the command takes two references, SOURCE and TARGET",
    );
  }
  const reference = artifactReference(target, "tag");
  if (reference.digest !== undefined) {
    throw new UsageError(`Cannot tag "${target}": the content determines a digest`);
  }
  await using store = existingStore(source);
  await store.alias(nameInStore(store, source), storedName(reference));
  return 0;
}
