/** `tests/programs/attempts.c` and `calls.ts`: system calls that a guest's thread does not need. */
import assert from "node:assert/strict";
import { fromFileUrl } from "./paths.ts";
import { succeed } from "./succeed.ts";

/** Results of one call, before and after the thread was confined: 0 or a negative errno. */
export interface Attempt {
  name: string;
  before: number;
  after: number;
}

/** Output of `calls.ts`. */
export interface Attempts {
  results: Attempt[];
  notices: string[];
  /** The confined thread's `/proc/thread-self/status`. */
  status: string;
}

const PROGRAM = fromFileUrl("../programs/calls.ts");
const SOURCE = fromFileUrl("../programs/attempts.c");
const LIBRARY = fromFileUrl("../../dist/tests/attempts.so");

/** Runs `calls.ts` with additional arguments. */
export async function runCalls(
  { through = [], more = [], options = [], env = {} }: {
    through?: string[];
    more?: string[];
    /** Options of the runtime. */
    options?: string[];
    env?: Record<string, string>;
  } = {},
): Promise<Deno.CommandOutput> {
  // Other test files may use it at the same time.
  const fresh = `${LIBRARY}.${Deno.pid}`;
  const flags = [
    "-D_GNU_SOURCE",
    "-shared",
    "-fPIC",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pthread",
  ];
  await succeed("clang", ...flags, "-o", fresh, SOURCE);
  await Deno.rename(fresh, LIBRARY);
  const [command = "", ...args] = [
    ...[...through, Deno.execPath(), "run", "-A", "--no-check", ...options],
    ...[PROGRAM, LIBRARY, ...more],
  ];
  return await new Deno.Command(command, { args, env, stdin: "null" }).output();
}

/** Returns the results of `calls.ts`. */
export async function attemptCalls(
  through: string[] = [],
  more: string[] = [],
): Promise<Attempts> {
  const { success, stdout, stderr } = await runCalls({ through, more });
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

/** Returns an strace command that fails these system calls, as a kernel without them does. */
export function without(...names: string[]): string[] {
  return [
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${names.join(",")}`],
    ...names.flatMap((name) => ["-e", `inject=${name}:error=ENOSYS`]),
  ];
}
