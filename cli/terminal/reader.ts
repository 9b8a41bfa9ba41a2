/** Standard output of records, and its reader, of a run that may write nothing for a long time. */
import { hasReader, putBytes } from "../../runtime/command.ts";
import { brokenPipe } from "./output_file.ts";

/** Descriptor of standard output. */
const STDOUT = 1;

/**
 * Ends a run whose reader is gone, although there is nothing to write: `wasm-bpf … | head`.
 *
 * @throws {HostError} see `isBrokenPipe()`
 */
export function checkReader(): void {
  if (!hasReader(STDOUT)) throw brokenPipe();
}

/** Standard output, by the shim: Deno's way takes five times as much code. */
export const standardOutput: Pick<Deno.FsFile, "writeSync"> = {
  writeSync(bytes: Uint8Array<ArrayBuffer>) {
    const written = putBytes(STDOUT, bytes);
    // Deno fails as well, with the reason.
    return written > 0 ? written : Deno.stdout.writeSync(bytes);
  },
};
