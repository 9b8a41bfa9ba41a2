/**
 * Fast path for plain runs: a module file that uses eBPF, a clock and output. It loads a fifth of the
 * program and leaves everything else to `dispatch.ts`.
 */
import {
  compileGuest,
  DEFAULT_WRAPPER_MODULE,
  type GuestModule,
  isPlain,
  PLAIN,
} from "../../runtime/command.ts";
import { policiesThere } from "../../oci/policies.ts";
import type { Origin } from "../../oci/stored.ts";
import { UsageError } from "../errors.ts";
import type { Admission, ForeignModule, Refused } from "../permissions/mod.ts";
import { runOnCommandLine } from "./guest_run.ts";
import { isNoModule, isPromptFile, readModuleFile } from "../module/module_file.ts";
import { parseCommandLine } from "../args/options.ts";
import { saysReference } from "../args/reference_word.ts";
import { reportFailure } from "../failure.ts";
import { RUN_OPTIONS, type RunLine } from "../args/run_options.ts";

/** Module that has been read, to be passed on: a pipe can be read only once. */
export interface ReadModule {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its registry or address; undefined for a local file. */
  readonly origin?: Origin;
}

/** Admits a module from elsewhere without a question. */
export type QuickAdmit = (line: RunLine, module: ForeignModule) => Admission | Refused;

/** Result of the fast path: an exit code, or input for `dispatch.ts`. */
export type PlainOutcome = { readonly exitCode: number } | {
  /** Module that needs `dispatch.ts`. */
  readonly read?: ReadModule;
  /** Name of the module if no such file exists: it may be in the store. */
  readonly absent?: string;
};

/** Options that a plain run may have. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set([
  "timeout",
  "latency",
  "verbose",
  "require-landlock",
  "allow-bpf",
  "deny-bpf",
  "allow-helper",
  "deny-helper",
  "allow-kfunc",
  "deny-kfunc",
  "allow-attach",
  "deny-attach",
  "max-frequency",
  "strict",
  "allow-write-user",
  "allow-gc",
  "max-maps-memory",
  "max-programs",
  "max-links",
  "wrapper-module-name",
  "callback-export-name",
]);

/**
 * Runs `args`, the words after the program's name, if they and the module are plain.
 *
 * @param given the module that they name, if it has been read
 * @param quickAdmit decides about a module that is not a local file
 */
export function runPlainly(
  args: string[],
  given?: ReadModule,
  quickAdmit?: QuickAdmit,
): PlainOutcome {
  const line = plainLine(args);
  const path = line?.rest[0];
  // A word without these characters may be a command.
  if (line === undefined || path === undefined || !/[./]/.test(path)) return {};
  // Policies may have rules for files; references are left to `dispatch.ts`, which checks policies.
  if (given === undefined && policiesThere().length > 0) return {};
  const bytes = given?.bytes ?? (saysReference(path) ? "absent" : readIfThere(path));
  if (bytes === "absent") return { absent: path };
  if (bytes === undefined) return {};
  const read = given ?? { path, bytes };
  // An object or a package.
  if (isNoModule(bytes)) return { read };
  try {
    const guest = compileGuest(bytes, path, { allowGc: line.flags.has("allow-gc") });
    if (!isPlain(guest, line.values["wrapper-module-name"] ?? DEFAULT_WRAPPER_MODULE)) {
      return { read };
    }
    const { origin } = read;
    if (origin === undefined) {
      return { exitCode: runOnCommandLine(guest, line, { features: PLAIN }) };
    }
    const admission = quickAdmit?.(line, { name: path, bytes, origin });
    // The long way asks, or reports the refusal; it never takes such a module for a local file.
    if (admission === undefined || "refused" in admission) return { read };
    return { exitCode: runOnCommandLine(guest, line, { features: PLAIN, admission }) };
  } catch (error) {
    return { exitCode: reportFailure(error, { verbose: line.flags.has("verbose") }) };
  }
}

function plainLine(args: string[]): RunLine | undefined {
  try {
    const line = parseCommandLine(args[0] === "run" ? args.slice(1) : args, RUN_OPTIONS);
    const given = [...line.flags, ...Object.keys(line.values)];
    return given.every((name) => PLAIN_OPTIONS.has(name)) ? line : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * Returns undefined on failure, and for a file that may make its reader wait: `dispatch.ts` reports it,
 * reads it within the time limit, or finds the module elsewhere.
 */
function readIfThere(path: string): GuestModule["bytes"] | "absent" | undefined {
  try {
    return isPromptFile(path) ? readModuleFile(path) : undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" ? "absent" : undefined;
  }
}
