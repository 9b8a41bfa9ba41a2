/** Options that the kind of a run has no use for: an error, since a user counts on them. */
import { UsageError } from "../errors.ts";
import { OBJECT_OPTIONS } from "./object_options.ts";
import type { RunLine, RunOption } from "./run_options.ts";

/** Options of WebAssembly modules, which plain objects have no use for. */
const MODULE_OPTIONS: readonly RunOption[] = [
  ...["dir", "env", "inherit-env", "stdin", "stdout", "stderr", "listen", "max-memory"] as const,
  ...["require-landlock", "allow-gc", "wrapper-module-name", "callback-export-name"] as const,
];

/**
 * Checks the command line of a module.
 *
 * @throws {UsageError} for an option of plain objects
 */
export function refuseObjectOptions(line: RunLine): void {
  const name = (Object.keys(OBJECT_OPTIONS) as RunOption[]).find((one) => isGiven(line, one));
  if (name === undefined) return;
  throw new UsageError(
    `Cannot use --${name} with a WebAssembly module: it applies to plain eBPF objects`,
    `pass options of the module after its name: wasm-bpf ${line.rest[0] ?? "MODULE"} OPTIONS`,
  );
}

/**
 * Checks the command line of a plain object or package.
 *
 * @throws {UsageError} for an option of modules
 */
export function refuseModuleOptions(line: RunLine): void {
  const name = MODULE_OPTIONS.find((one) => isGiven(line, one));
  if (name === undefined) return;
  throw new UsageError(
    `Cannot use --${name} with a plain eBPF object: it applies to WebAssembly modules`,
    "run wasm-bpf --help to show the options of objects",
  );
}

function isGiven({ values, lists, flags }: RunLine, name: RunOption): boolean {
  return values[name] !== undefined || lists?.[name] !== undefined || flags.has(name);
}
