/** The command line: answers with an exit code. */
import { runPlainly } from "./startup/plain_run.ts";

/**
 * Runs wasm-bpf with `args`, the words behind the program's name.
 *
 * @returns the exit code: the guest's own, or 1 for a host error, 2 for wrong usage, 134 for a trap
 */
export async function main(args: string[]): Promise<number> {
  // In place of bytes that are no UTF-8, which the long way has back.
  const isWhole = !args.some((text) => text.includes("\ufffd"));
  let outcome = isWhole ? runPlainly(args) : {};
  if ("absent" in outcome) {
    // The compiled program keeps this and the next in files of their own, with what they import.
    const { admitQuickly, readStored } = await import("./startup/stored_run.ts");
    const { absent: path = "" } = outcome;
    const read = readStored(path);
    if (read !== undefined) outcome = runPlainly(args, read, admitQuickly);
  }
  if ("exitCode" in outcome) return outcome.exitCode;
  const { dispatch } = await import("./dispatch.ts");
  return await dispatch(args, outcome.read);
}
