/** Reader of standard output, of a run that may write nothing for a long time. */
import { hasReader } from "../../runtime/command.ts";
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
