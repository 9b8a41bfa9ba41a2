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
  CAP_IPC_LOCK: 14,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_SYSLOG: 34,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
  CAP_CHECKPOINT_RESTORE: 40,
} as const;

/** Name of a capability. */
export type Capability = keyof typeof CAPABILITIES;

/** Always: bpf(2), perf events, tracefs, and giving all of them up. */
const ALWAYS: readonly Capability[] = [
  "CAP_BPF",
  "CAP_PERFMON",
  "CAP_DAC_READ_SEARCH",
  "CAP_SETPCAP",
];

/** Parts of a run that decide. */
export interface RunNeeds {
  /** True if programs may be attached to interfaces, cgroups, namespaces or sockets. */
  readonly network: boolean;
  /** True for a folder or file that the run may write to. */
  readonly writes: boolean;
  /** True for a port below 1024. */
  readonly listens: boolean;
  /** True for places in other processes, and names of their functions: memory maps and mapped files. */
  readonly processes: boolean;
  /** True for addresses in the kernel: stacks, functions by pattern, variables. */
  readonly symbols: boolean;
  /** True for perf buffers: memory that is locked beyond a user's limit. */
  readonly buffers: boolean;
  /**
   * True for what is left to CAP_SYS_ADMIN: uprobes (Linux 6.16, and stable kernels since), types of
   * kernel modules, memory of processes that is written, tracefs where it is not mounted, all of bpf(2)
   * before 5.8.
   */
  readonly system: boolean;
  /** True if maps count as locked memory: before Linux 5.11. */
  readonly locksMaps: boolean;
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
  // Files are opened by /proc/PID/map_files, whatever their name is in another mount namespace.
  add(needs.processes, "CAP_SYS_PTRACE", "CAP_CHECKPOINT_RESTORE");
  add(needs.symbols, "CAP_SYSLOG");
  add(needs.buffers, "CAP_IPC_LOCK");
  add(needs.system, "CAP_SYS_ADMIN");
  add(needs.locksMaps, "CAP_SYS_RESOURCE");
  return [...names].sort((a, b) => CAPABILITIES[a] - CAPABILITIES[b]);
}

/** Returns the bits of some capabilities, as `/proc/PID/status` has them. */
export function capabilityBits(names: readonly Capability[]): bigint {
  return names.reduce((bits, name) => bits | 1n << BigInt(CAPABILITIES[name]), 0n);
}

/** Returns the names of bits. */
export function capabilityNames(bits: bigint): Capability[] {
  return (Object.keys(CAPABILITIES) as Capability[])
    .filter((name) => (bits & 1n << BigInt(CAPABILITIES[name])) !== 0n);
}

/** Reports whether a text is a capability that runs can need. */
export function isCapability(text: unknown): text is Capability {
  return typeof text === "string" && Object.hasOwn(CAPABILITIES, text);
}
