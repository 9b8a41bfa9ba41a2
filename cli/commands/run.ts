/** `wasm-bpf run`: runs a module from a file, the store or a registry. */
import { HostError } from "../../ffi/errors.ts";
import { compileGuest } from "../../runtime/command.ts";
import { EVERYTHING } from "../../runtime/everything.ts";
import { UsageError } from "../errors.ts";
import { grantsOf } from "../args/grants.ts";
import { admitted, runOnCommandLine, timeoutOf } from "../startup/guest_run.ts";
import { STDIN } from "../module/input_file.ts";
import { kernelLimitsOf } from "../args/kernel_limits.ts";
import { namedModule } from "../module/named_module.ts";
import { parseCommandLine } from "../args/options.ts";
import { permissionsOf } from "../args/permissions.ts";
import type { Admission, ForeignModule } from "../permissions/mod.ts";
import type { ReadModule } from "../startup/plain_run.ts";
import { platformOf } from "../args/registry_options.ts";
import { RUN_OPTIONS, type RunLine } from "../args/run_options.ts";
import { statsFormat } from "../terminal/stats.ts";

export { PAGE } from "../help.ts";

/** Runs the module that `args` name. */
export async function command(args: string[], read?: ReadModule): Promise<number> {
  return await runLine(parseCommandLine(args, RUN_OPTIONS), read);
}

/**
 * Runs `line.rest[0]` with the rest as its arguments.
 *
 * @param read the module, if it has been read already
 * @returns the guest's exit code
 */
export async function runLine(line: RunLine, read?: ReadModule): Promise<number> {
  const [word, ...args] = line.rest;
  const formatStats = statsFormat(line.values.stats);
  const grants = grantsOf(line);
  // Report wrong values before anything is fetched.
  timeoutOf(line);
  permissionsOf(line);
  kernelLimitsOf(line);
  platformOf(line.values);
  if (word === undefined) throw new UsageError("No module given");
  if (!word.isWellFormed()) {
    throw new HostError(`Cannot read "${word}": its name is not UTF-8`, {
      code: "EILSEQ",
      hint: "rename it, or pass it on standard input: wasm-bpf run - < FILE",
    });
  }
  const named = read?.path === word ? { ...read, name: word } : await namedModule(word, line);
  if ("exitCode" in named) return named.exitCode;
  const guest = compileGuest(named.bytes, word === STDIN ? "standard input" : named.name, {
    allowGc: line.flags.has("allow-gc"),
  });
  const { origin } = named;
  const admission = origin === undefined
    ? undefined
    : await admissionOf(line, { ...named, origin });
  const told = { ...line, rest: [named.name, ...args] };
  return runOnCommandLine(guest, told, { features: EVERYTHING, formatStats, grants, admission });
}

/** @throws {NotGrantedError} */
async function admissionOf(line: RunLine, module: ForeignModule): Promise<Admission> {
  const { admit } = await import("../permissions/mod.ts");
  return admitted(admit(line, module, { canAsk: true }));
}
