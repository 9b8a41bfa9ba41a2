/** `-p PID`: sets the variable by which an object filters processes. */
import type { ObjectFile, VariableValue } from "../../ebpf/plain/mod.ts";
import { UsageError } from "../errors.ts";
import { valueOf, withPids } from "./tool_options.ts";

/** Names that tools use for the process that they trace. */
const NAMES: readonly string[] = [
  ...["targ_pid", "target_pid", "gadget_pid", "filter_pid", "pid_filter", "trace_pid", "targ_tgid"],
  ...["target_tgid", "filter_tgid", "tgid_filter", "pid_target", "opt_pid", "g_pid", "pid"],
];

/** Returns the number of the process that is traced alone, if one is. */
export function tracedPid(
  given: string | undefined,
  commandPid: number | undefined,
): number | undefined {
  if (given === undefined) return undefined;
  const pid = Number(withPids(given, commandPid));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * Returns the values of variables for a process.
 *
 * @param commandPid number of the traced command, the value of the word COMMAND
 *
 * @throws {UsageError} when the object filters no process
 */
export function pidSettings(
  file: ObjectFile,
  given: string | undefined,
  commandPid: number | undefined,
): VariableValue[] {
  if (given === undefined) return [];
  const pid = withPids(given, commandPid);
  if (!/^[1-9]\d{0,9}$/.test(pid)) {
    throw new UsageError(`Cannot use --pid "${pid}": not the number of a process`);
  }
  const name = NAMES.find((one) => file.variable(one) !== undefined);
  const variable = name === undefined ? undefined : file.variable(name);
  if (variable === undefined) {
    throw new UsageError(
      "Cannot use --pid: the object has no variable for the process to trace",
      "pass --set VARIABLE=PID if it has one of another name",
    );
  }
  return [valueOf(file, variable, pid, undefined, "--pid")];
}
