/** Variable `own_pid` of tools: the process of wasm-bpf, which they leave out. */
import type { ObjectFile, VariableValue } from "../../ebpf/plain/mod.ts";
import { valueOf } from "./tool_options.ts";

/** Namespace of processes that the kernel starts with: `PROC_PID_INIT_INO`. */
const FIRST_NAMESPACE = "pid:[4026531836]";

/**
 * Returns the value of `own_pid`, if the object has that variable. In another namespace of processes
 * the kernel has another number for this process, and ours may be that of a process to be shown.
 */
export function ownPid(file: ObjectFile): VariableValue[] {
  const variable = file.variable("own_pid");
  if (variable === undefined || variable.sizeBytes !== 4 || !isFirstNamespace()) return [];
  return [valueOf(file, variable, `${Deno.pid}`)];
}

function isFirstNamespace(): boolean {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid") === FIRST_NAMESPACE;
  } catch {
    return false;
  }
}
