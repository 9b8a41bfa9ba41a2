/** `--pid`: the process that an object traces alone, by a variable or by its probes in user space. */
import { type ObjectFile, type PlainVariable, type VariableValue } from "../../ebpf/plain/mod.ts";
import { resolve } from "../../ebpf/btf/mod.ts";
import { UsageError } from "../errors.ts";
import type { Tool } from "./tool.ts";
import { settable, valueOf, withPids } from "./tool_options.ts";

/** Names that tools use for the process that they trace, wherever the variable is. */
const NAMES: readonly string[] = [
  ...["targ_pid", "target_pid", "gadget_pid", "filter_pid", "pid_filter", "trace_pid", "targ_tgid"],
  ...["target_tgid", "filter_tgid", "tgid_filter", "pid_target", "opt_pid"],
];
/** Names that are a filter if only the loader writes the variable: others are results. */
const CONSTANTS: readonly string[] = ["g_pid", "pid", "tgid"];

/** Returns the number of the process that is traced alone, if one is. */
export function tracedPid(
  given: string | undefined,
  commandPid: number | undefined,
): number | undefined {
  if (given === undefined) return undefined;
  const pid = Number(withPids(given, commandPid));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** Use that an object makes of `--pid`. */
export interface ProcessFilter {
  /** Values of the variable for it. */
  readonly values: readonly VariableValue[];
  /** Process of the probes in user space whose target names none. */
  readonly probedPid?: number;
}

/**
 * Returns what `--pid` sets.
 *
 * @param targets places of programs on the command line
 * @param commandPid number of the traced command, the value of the word COMMAND
 *
 * @throws {UsageError} when the object has no use for it
 */
export function processFilter(
  tool: Pick<Tool, "file" | "options">,
  given: string | undefined,
  { targets, commandPid }: {
    targets: ReadonlyMap<string, readonly string[]>;
    commandPid: number | undefined;
  },
): ProcessFilter {
  if (given === undefined) return { values: [] };
  const pid = withPids(given, commandPid);
  if (!/^[1-9]\d{0,9}$/.test(pid) || Number(pid) > 0x7fffffff) {
    throw new UsageError(`Cannot use --pid "${pid}": not the number of a process`);
  }
  const variable = pidVariable(tool);
  const hasProbes = tool.file.programs.some(({ name, section }) =>
    isUserProbe(section) || targets.get(name)?.some(isUserProbe) === true
  );
  if (variable === undefined && !hasProbes) throw noFilter(tool.file);
  return {
    values: variable === undefined ? [] : [valueOf(tool.file, variable, pid, undefined, "--pid")],
    ...(hasProbes ? { probedPid: Number(pid) } : {}),
  };
}

/** Reports whether a section or target names code in user space. */
function isUserProbe(place: string): boolean {
  return /^\??(uprobe|uretprobe|usdt)([./:]|$)/.test(place);
}

function pidVariable({ file, options }: Pick<Tool, "file" | "options">): PlainVariable | undefined {
  // The object's metadata or annotations say which option it is.
  const option = options.find(({ names }) => names[0] === "pid");
  const named = NAMES.map((name) => file.variable(name));
  const constants = CONSTANTS.map((name) => file.variable(name))
    .filter((variable) => /^\.rodata/.test(variable?.section ?? ""));
  return [option?.variable, ...named, ...constants].find((variable) =>
    variable !== undefined && isNumber(file, variable)
  );
}

/** A truth value with such a name turns a filter on; structs cannot be set. */
function isNumber({ btf }: ObjectFile, { type, sizeBytes }: PlainVariable): boolean {
  if (btf === undefined || (sizeBytes !== 4 && sizeBytes !== 8)) return false;
  try {
    const { type: resolved } = resolve(btf, type);
    return resolved.kind === "int" && !resolved.bool;
  } catch {
    return false;
  }
}

function noFilter(file: ObjectFile): UsageError {
  const similar = settable(file).filter(({ name }) => /(^|_)(pid|tgid)(_|$)/.test(name));
  const [first] = similar;
  return new UsageError(
    "Cannot use --pid: the object has no variable for the process to trace, and no uprobe",
    first === undefined
      ? "select records by --filter, such as --filter 'pid == 1234'"
      : `if ${first.name} is that process: --set ${first.name}=PID`,
  );
}
