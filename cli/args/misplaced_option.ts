/** Finds options of wasm-bpf that follow the module and so became the module's arguments. */
import { RUN_OPTIONS } from "./run_options.ts";

/** Exit codes for a wrong command line: most programs, getopt's users, and sysexits.h. */
const USAGE_CODES: readonly number[] = [1, 2, 64];

/** Options that many modules have, too. */
const COMMON = ["verbose", "help", "version", "quiet"];

/**
 * Returns a hint for a module that ended with a usage error and was given an option of wasm-bpf.
 *
 * @param words the module, and its arguments
 */
export function misplacedOption(code: number, words: readonly string[]): string | undefined {
  if (!USAGE_CODES.includes(code)) return undefined;
  const [module = "", ...args] = words;
  const end = args.indexOf("--");
  const found = args.slice(0, end < 0 ? undefined : end).find((word) => {
    const name = /^--([a-z-]+)(=|$)/.exec(word)?.[1] ?? "";
    return Object.hasOwn(RUN_OPTIONS, name) && !COMMON.includes(name);
  });
  if (found === undefined) return undefined;
  return `${found} follows the module and became its argument; to pass it to wasm-bpf, ` +
    `write it first: wasm-bpf ${found} … ${module}`;
}
