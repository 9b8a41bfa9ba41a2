/** `tests/programs/attempts.c` and `calls.ts`: system calls that a guest's thread has no use for. */
import assert from "node:assert/strict";
import { fromFileUrl } from "./paths.ts";
import { succeed } from "./succeed.ts";

/** One call: 0 or its negative errno, before and after the thread was confined. */
export interface Attempt {
  name: string;
  before: number;
  after: number;
}

/** What `calls.ts` prints. */
export interface Attempts {
  results: Attempt[];
  notices: string[];
  /** The confined thread's `/proc/thread-self/status`. */
  status: string;
}

const PROGRAM = fromFileUrl("../programs/calls.ts");
const SOURCE = fromFileUrl("../programs/attempts.c");
const LIBRARY = fromFileUrl("../../dist/tests/attempts.so");

/** Runs it with more arguments. */
export async function runCalls(
  { through = [], more = [] }: { through?: string[]; more?: string[] } = {},
): Promise<Deno.CommandOutput> {
  // Other test files may use it meanwhile.
  const fresh = `${LIBRARY}.${Deno.pid}`;
  const flags = ["-D_GNU_SOURCE", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"];
  await succeed("clang", ...flags, "-o", fresh, SOURCE);
  await Deno.rename(fresh, LIBRARY);
  const [command = "", ...args] = [
    ...[...through, Deno.execPath(), "run", "-A", "--no-check", PROGRAM, LIBRARY, ...more],
  ];
  return await new Deno.Command(command, { args, stdin: "null" }).output();
}

/** Its results. */
export async function attemptCalls(through: string[] = []): Promise<Attempts> {
  const { success, stdout, stderr } = await runCalls({ through });
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

/** strace, which answers these system calls itself, as a kernel without them does. */
export function without(...names: string[]): string[] {
  return [
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${names.join(",")}`],
    ...names.flatMap((name) => ["-e", `inject=${name}:error=ENOSYS`]),
  ];
}
