/** The command line: answers with an exit code. */
import { runPlainly } from "./plain_run.ts";

/**
 * Runs wasm-bpf with `args`, the words behind the program's name.
 *
 * @returns the exit code: the guest's own, or 1 for a host error, 2 for wrong usage, 134 for a trap
 */
export async function main(args: string[]): Promise<number> {
  const outcome = runPlainly(args);
  if ("exitCode" in outcome) return outcome.exitCode;
  // The compiled program keeps this in a file of its own, with what it imports.
  const full = await import("./full.ts");
  return await full.main(args, outcome.read);
}
