/**
 * Patches of libbpf: places where it uses numbers of an object file unchecked. Users of libbpf compile
 * their objects themselves; a guest's object may be hostile.
 */
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { filesUnder } from "../lib/step.ts";

/** One file a place, applied in the order of their names; each starts with its reason. */
export const PATCHES = "third_party/libbpf/patches";

/**
 * Applies the patches to an unpacked source of libbpf.
 *
 * @throws {BuildError} when one does not apply exactly
 */
export async function patchLibbpf(source: string): Promise<void> {
  for (const path of filesUnder(PATCHES, (path) => path.endsWith(".patch")).sort()) {
    try {
      const options = ["-p1", "--fuzz=0", "--no-backup-if-mismatch", "--silent"];
      const input = await Deno.realPath(path);
      await run("patch", [...options, "--directory", source, "--input", input]);
    } catch (cause) {
      if (!(cause instanceof BuildError)) throw cause;
      throw new BuildError(`Cannot apply ${path}: ${cause.message}`, {
        hint: "this release of libbpf differs there: compare the patch with its source",
        cause,
      });
    }
  }
}
