/**
 * Variables of tools that wasm-bpf sets: `own_pid`, its own process, which they leave out, and
 * `command_pid`, the command that it starts.
 */
import type { ObjectFile, VariableValue } from "../../ebpf/plain/mod.ts";
import { valueOf } from "./tool_options.ts";

/** Namespace of processes that the kernel starts with: `PROC_PID_INIT_INO`. */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** Number that no process has. */
const NO_PID = 0xffffffff;

/**
 * Returns the values of `own_pid` and `command_pid`, if the object has these variables. In another
 * namespace of processes the kernel has other numbers for them, and ours may be those of processes to
 * be shown: there `own_pid` is 0, as without a value, and a command has a number that none has.
 */
export function ownPids(file: ObjectFile, commandPid: number | undefined): VariableValue[] {
  const isKnown = isFirstNamespace();
  const command = commandPid === undefined || isKnown ? commandPid : NO_PID;
  const own = isKnown ? Deno.pid : undefined;
  return [["own_pid", own] as const, ["command_pid", command] as const].flatMap(([name, pid]) => {
    const variable = file.variable(name);
    if (pid === undefined || variable === undefined || variable.sizeBytes !== 4) return [];
    return [valueOf(file, variable, `${pid}`)];
  });
}

function isFirstNamespace(): boolean {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid") === FIRST_NAMESPACE;
  } catch {
    return false;
  }
}
