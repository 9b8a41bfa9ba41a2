/**
 * Hints for mistaken command lines: options of wasm-bpf that follow the module, and commands of docker,
 * podman and kubectl.
 */
import { nearest } from "../../ffi/nearest.ts";
import { UsageError } from "../errors.ts";
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

/** Returns the error for a command's first word that is not one of its actions. */
export function unknownAction(word: string | undefined, actions: readonly string[]): UsageError {
  if (word === undefined) return new UsageError(`No action given: one of ${actions.join(", ")}`);
  const close = nearest(word, actions);
  return new UsageError(
    `Unknown action "${word}"`,
    close === undefined ? `the actions are ${actions.join(", ")}` : `did you mean ${close}?`,
  );
}

const IN_BACKGROUND = "run wasm-bpf run -d MODULE to start one in the background, " +
  "wasm-bpf restart NAME to start one again";

const HINTS: Readonly<Record<string, string>> = {
  "version": "run wasm-bpf --version to show the versions",
  "attach": "run wasm-bpf logs -f NAME to follow the output of a run",
  "start": IN_BACKGROUND,
  "create": IN_BACKGROUND,
  "kill": "run wasm-bpf stop NAME to end a run",
  "exec": "run another module: wasm-bpf run MODULE",
  "save": "run wasm-bpf pull -o FILE REFERENCE to write a module to a file",
  "export": "run wasm-bpf pull -o FILE REFERENCE to write a module to a file",
  "cp": "run wasm-bpf pull -o FILE REFERENCE to write a module to a file",
  "load": "run the file itself, or send it with wasm-bpf push FILE REFERENCE",
  "import": "run the file itself, or send it with wasm-bpf push FILE REFERENCE",
  "commit": "run wasm-bpf push FILE REFERENCE to send a module to a registry",
  "build": "run wasm-bpf new NAME to create a tool with a Makefile",
  "init": "run wasm-bpf new NAME to create a tool",
  "image": "run wasm-bpf images to list the local store",
  "rmi": "run wasm-bpf rm REFERENCE to remove a module from the local store",
  "history": "run wasm-bpf inspect REFERENCE to show the parts of a module",
};

/** Returns the hint for a command of another tool. */
export function hintForOtherTool(word: string): string | undefined {
  return Object.hasOwn(HINTS, word) ? HINTS[word] : undefined;
}
