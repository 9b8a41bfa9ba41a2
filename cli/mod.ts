/** The command line of wasm-bpf. */
import { runPlainly } from "./startup/plain_run.ts";

/** `SERVICE_WORD` of `service/`, which a plain run does not load. */
const SERVICE_WORD = "--serve-feed";

/**
 * Runs wasm-bpf with `args`, the words after the program's name.
 *
 * @returns the exit code: that of the guest, or 1 for a host error, 2 for wrong usage, 134 for a trap
 */
export async function main(args: string[]): Promise<number> {
  if (args[0] === SERVICE_WORD) {
    const { serve } = await import("./startup/serve.ts");
    return await serve();
  }
  // Deno replaces invalid UTF-8 with U+FFFD; `dispatch.ts` recovers the bytes.
  const isWhole = !args.some((text) => text.includes("\ufffd"));
  let outcome = isWhole ? runPlainly(args) : {};
  if ("absent" in outcome) {
    // The compiled program loads each of these two, with its imports, from a file of its own.
    const { admitQuickly, readStored } = await import("./startup/stored_run.ts");
    const { absent: path = "" } = outcome;
    const read = readStored(path);
    if (read !== undefined) outcome = runPlainly(args, read, admitQuickly);
  }
  if ("exitCode" in outcome) return outcome.exitCode;
  const { dispatch } = await import("./dispatch.ts");
  return await dispatch(args, outcome.read);
}
