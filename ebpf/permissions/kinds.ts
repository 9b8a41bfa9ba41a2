/** Levels of kinds of programs, by the kernel's numbers (`linux/bpf.h` of libbpf 1.7.0). */
import type { Level } from "./levels.ts";

/** A program type: its level, and that of attach types where it differs. */
export interface Kind {
  /** Name in libbpf, such as `socket_filter`. */
  readonly name: string;
  /** Level of the program type. */
  readonly level: Level;
  /** Levels of attach types that differ, by number. */
  readonly attachTypes?: Readonly<Record<number, Level>>;
}

/** Reads memory through pointers that the verifier follows. */
const TRACING: Readonly<Record<number, Level>> = {
  23: "inspect", // tp_btf
  24: "inspect", // fentry
  25: "inspect", // fexit
  26: "control", // fmod_ret
  28: "inspect", // iter
  58: "inspect", // fsession
};

/** `enum bpf_prog_type`. */
export const KINDS: Readonly<Record<number, Kind>> = {
  1: { name: "socket_filter", level: "network" },
  // Arguments of process functions are memory of processes; those of kernel functions are context.
  2: { name: "kprobe", level: "observe", attachTypes: { 48: "inspect", 57: "inspect" } },
  3: { name: "sched_cls", level: "network" },
  4: { name: "sched_act", level: "network" },
  5: { name: "tracepoint", level: "observe" },
  6: { name: "xdp", level: "network" },
  7: { name: "perf_event", level: "observe" },
  8: { name: "cgroup_skb", level: "network" },
  9: { name: "cgroup_sock", level: "network" },
  10: { name: "lwt_in", level: "network" },
  11: { name: "lwt_out", level: "network" },
  12: { name: "lwt_xmit", level: "network" },
  13: { name: "sock_ops", level: "network" },
  14: { name: "sk_skb", level: "network" },
  15: { name: "cgroup_device", level: "control" },
  16: { name: "sk_msg", level: "network" },
  17: { name: "raw_tracepoint", level: "observe" },
  18: { name: "cgroup_sock_addr", level: "network" },
  19: { name: "lwt_seg6local", level: "network" },
  20: { name: "lirc_mode2", level: "control" },
  21: { name: "sk_reuseport", level: "network" },
  22: { name: "flow_dissector", level: "network" },
  23: { name: "cgroup_sysctl", level: "control" },
  24: { name: "raw_tracepoint_writable", level: "replace" },
  25: { name: "cgroup_sockopt", level: "control" },
  26: { name: "tracing", level: "never", attachTypes: TRACING },
  27: { name: "struct_ops", level: "struct-ops" },
  28: { name: "ext", level: "never" },
  29: { name: "lsm", level: "control" },
  30: { name: "sk_lookup", level: "network" },
  31: { name: "syscall", level: "never" },
  32: { name: "netfilter", level: "network" },
};

/**
 * Kinds above `inspect` whose arguments are objects of the kernel, from which plain loads lead to any
 * other: type, or type and attach type.
 */
const ALSO_INSPECT: ReadonlySet<string> = new Set([
  "26/26", // fmod_ret
  "27", // struct_ops
  "29", // lsm
  "32", // netfilter
]);

/** Program types that there is room for in a policy; `POLICY_PROGRAM_TYPES`. */
export const PROGRAM_TYPES = 64;
/** Attach types that there is room for in a policy; `POLICY_ATTACH_TYPES`. */
export const ATTACH_TYPES = 128;

/** Returns the level of a program by its types; `never` for one that is not known. */
export function levelOfKind(type: number, attachType: number): Level {
  const kind = KINDS[type];
  return kind?.attachTypes?.[attachType] ?? kind?.level ?? "never";
}

/** Returns all levels that a program needs for its types, the highest first. */
export function levelsOfKind(type: number, attachType: number): readonly Level[] {
  const level = levelOfKind(type, attachType);
  const reads = ALSO_INSPECT.has(`${type}`) || ALSO_INSPECT.has(`${type}/${attachType}`);
  return reads ? [level, "inspect"] : [level];
}

/** Returns the name of a program type, or its number. */
export function nameOfKind(type: number): string {
  return KINDS[type]?.name ?? `of type ${type}`;
}
