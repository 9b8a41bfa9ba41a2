/** Capabilities that a run can need, by what it is. */

/** Numbers of `linux/capability.h`. */
export const CAPABILITIES = {
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_SYSLOG: 34,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** Name of a capability. */
export type Capability = keyof typeof CAPABILITIES;

/** Always: bpf(2), perf events, tracefs, kernel symbols, and giving all of them up. */
const ALWAYS: readonly Capability[] = [
  "CAP_BPF",
  "CAP_PERFMON",
  "CAP_DAC_READ_SEARCH",
  "CAP_SETPCAP",
  "CAP_SYSLOG",
];

/** Parts of a run that decide. */
export interface RunNeeds {
  /** True if programs may be attached to interfaces, cgroups, namespaces or sockets. */
  readonly network: boolean;
  /** True for a folder that the module may write to. */
  readonly writes: boolean;
  /** True for a port below 1024. */
  readonly listens: boolean;
  /** True for places in other processes: uprobes by process, their memory maps. */
  readonly processes: boolean;
  /** True if the kernel or the system may lack something newer: bpf(2) before 5.8, no tracefs. */
  readonly legacy: boolean;
}

/** Returns the capabilities, in the order of their numbers. */
export function capabilitiesFor(needs: RunNeeds): Capability[] {
  const names = new Set(ALWAYS);
  const add = (isNeeded: boolean, ...more: Capability[]) => {
    if (isNeeded) more.forEach((name) => names.add(name));
  };
  add(needs.network, "CAP_NET_ADMIN", "CAP_NET_RAW");
  add(needs.writes, "CAP_DAC_OVERRIDE", "CAP_FOWNER");
  add(needs.listens, "CAP_NET_BIND_SERVICE");
  add(needs.processes, "CAP_SYS_PTRACE");
  add(needs.legacy, "CAP_SYS_ADMIN", "CAP_SYS_RESOURCE");
  return [...names].sort((a, b) => CAPABILITIES[a] - CAPABILITIES[b]);
}
