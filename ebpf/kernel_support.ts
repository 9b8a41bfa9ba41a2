/**
 * Features that the running kernel lacks for a kind of program: probed after a failure, never
 * derived from the failure itself.
 */
import { errno, kernel } from "../ffi/mod.ts";
import type { AttachSubject } from "./attach_target.ts";
import { AttachType, ProgramType } from "./program_types.ts";

/** Facts that can be read from the running kernel. */
export type KernelFacts = typeof kernel;

/** Requirements of a kind of program. */
interface Need {
  /** The kind, in the plural. */
  what: string;
  /** The first release that has it. */
  since?: [number, number];
  /** The first release on arm64, where it is later. */
  sinceArm64?: [number, number];
  /** Build options; every one of them. */
  options?: readonly string[];
  /** A security module that must be active. */
  lsm?: string;
  /**
   * A dynamic event source whose presence proves the options, independently of the configuration
   * file.
   */
  eventSource?: string;
  /** True for what is looked up in tracefs, which other rights than those of eBPF open. */
  inTracefs?: true;
}

const TRAMPOLINE = [
  "CONFIG_BPF_JIT",
  "CONFIG_FUNCTION_TRACER",
  "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
];

/** Before it, arm64 calls no programs from functions of the kernel. */
const TRAMPOLINE_ARM64: [number, number] = [6, 4];

/** By section, where type and attach type leave the kind open. The first that fits counts. */
const PROBE_NEEDS: readonly (readonly [RegExp, Need])[] = [
  [/^k(ret)?probe\.multi/, {
    what: "kprobe.multi programs",
    since: [5, 18],
    options: ["CONFIG_FPROBE"],
  }],
  [/^kprobe\.session/, {
    what: "kprobe.session programs",
    since: [6, 10],
    options: ["CONFIG_FPROBE"],
  }],
  [/^k/, {
    what: "kprobes",
    options: ["CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS"],
    eventSource: "kprobe",
  }],
  [/^uprobe\.session/, { what: "uprobe.session programs", since: [6, 13] }],
  [/^u(ret)?probe\.multi/, { what: "uprobe.multi programs", since: [6, 6] }],
  [/^u/, { what: "uprobes", options: ["CONFIG_UPROBE_EVENTS"], eventSource: "uprobe" }],
];

function needOf({ type, attachType, section }: AttachSubject): Need | undefined {
  switch (type) {
    case ProgramType.KPROBE:
      return PROBE_NEEDS.find(([pattern]) => pattern.test(section))?.[1];
    case ProgramType.TRACEPOINT:
      if (!/^(tp|tracepoint)\/syscalls\//.test(section)) return undefined;
      return {
        what: "tracepoints of system calls",
        options: ["CONFIG_FTRACE_SYSCALLS"],
        inTracefs: true,
      };
    case ProgramType.TRACING:
      if (attachType === AttachType.TRACE_RAW_TP) return { what: "tp_btf programs", since: [5, 5] };
      if (attachType === AttachType.TRACE_ITER) return { what: "iterators", since: [5, 8] };
      if (attachType === AttachType.TRACE_FSESSION) {
        return { what: "fsession programs", since: [7, 0], options: TRAMPOLINE };
      }
      return {
        what: "fentry, fexit and fmod_ret programs",
        since: [5, 5],
        sinceArm64: TRAMPOLINE_ARM64,
        options: TRAMPOLINE,
      };
    case ProgramType.EXT:
      return { what: "freplace programs", since: [5, 6] };
    case ProgramType.LSM:
      return {
        what: attachType === AttachType.LSM_CGROUP ? "lsm_cgroup programs" : "LSM programs",
        since: attachType === AttachType.LSM_CGROUP ? [6, 0] : [5, 7],
        sinceArm64: TRAMPOLINE_ARM64,
        options: ["CONFIG_BPF_LSM"],
        lsm: "bpf",
      };
    case ProgramType.SCHED_CLS:
      if (attachType === AttachType.NETKIT_PRIMARY || attachType === AttachType.NETKIT_PEER) {
        return { what: "netkit links", since: [6, 7], options: ["CONFIG_NETKIT"] };
      }
      return { what: "tcx links", since: [6, 6], options: ["CONFIG_NET_XGRESS"] };
    case ProgramType.XDP:
      return { what: "XDP links", since: [5, 9] };
    case ProgramType.NETFILTER:
      return {
        what: "netfilter programs",
        since: [6, 4],
        options: ["CONFIG_NETFILTER_BPF_LINK"],
      };
    case ProgramType.SOCK_OPS:
    case ProgramType.CGROUP_SKB:
    case ProgramType.CGROUP_SOCK:
    case ProgramType.CGROUP_DEVICE:
    case ProgramType.CGROUP_SOCK_ADDR:
    case ProgramType.CGROUP_SYSCTL:
    case ProgramType.CGROUP_SOCKOPT:
      return { what: "cgroup links", since: [5, 7], options: ["CONFIG_CGROUP_BPF"] };
    case ProgramType.SK_LOOKUP:
      return { what: "sk_lookup programs", since: [5, 9] };
    case ProgramType.FLOW_DISSECTOR:
      return { what: "links to network namespaces", since: [5, 8] };
    case ProgramType.PERF_EVENT:
      return { what: "perf_event programs", options: ["CONFIG_BPF_EVENTS"] };
    case ProgramType.STRUCT_OPS:
      return { what: "struct_ops links", since: [6, 4], options: ["CONFIG_BPF_JIT"] };
    default:
      return undefined;
  }
}

function list(names: readonly string[]): string {
  return names.length < 3
    ? names.join(" and ")
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `CAP_BPF` and `CAP_PERFMON` of `linux/capability.h`. */
const NEEDED_CAPABILITIES = [39, 38];

/** `CAP_DAC_READ_SEARCH` and `CAP_SYS_ADMIN`, which read and mount tracefs. */
const READ_TRACEFS = 2, MOUNT_TRACEFS = 21;

function readsTracefs(facts: KernelFacts): boolean {
  if (facts.hasCapability(MOUNT_TRACEFS)) return true;
  return facts.hasTracefs() && facts.hasCapability(READ_TRACEFS);
}

/**
 * Names the feature that the kernel lacks for a program that could not be loaded or attached.
 *
 * @param number the negative errno
 * @returns `undefined` when nothing that can be asked for is missing
 */
export function kernelHint(
  program: AttachSubject,
  number: number,
  facts: KernelFacts = kernel,
): string | undefined {
  const need = needOf(program);
  if (need === undefined) return undefined;
  const forbidden = -number === errno("EPERM");
  // Rights first: without them, what the kernel lacks would not have mattered.
  if (forbidden && !NEEDED_CAPABILITIES.every((bit) => facts.hasCapability(bit))) return undefined;
  if (forbidden && need.inTracefs === true && !readsTracefs(facts)) return undefined;
  const lacking = lack(need, facts);
  if (lacking !== undefined) return lacking;
  if (UNSUPPORTED.includes(-number)) return unknownHint(need, facts);
  return forbidden ? forbiddenHint(need, facts) : undefined;
}

/** Errors of kernels that were built without a feature. */
const UNSUPPORTED = [errno("EOPNOTSUPP"), errno("ENOTSUPP"), errno("ENOSYS")];

/** Without a configuration to look at, the options are all that can be named. */
function unknownHint({ what, options = [] }: Need, facts: KernelFacts): string | undefined {
  const unknown = options.filter((option) => facts.hasOption(option) === undefined);
  if (unknown.length === 0) return undefined;
  return `${what} need ${list(unknown)}, and no file has this kernel's configuration ` +
    "(/proc/config.gz, /boot/config-RELEASE, /lib/modules/RELEASE/config)";
}

function laterOf(
  one: [number, number] | undefined,
  other: [number, number] | undefined,
): [number, number] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one[0] > other[0] || one[0] === other[0] && one[1] > other[1] ? one : other;
}

function lack(need: Need, facts: KernelFacts): string | undefined {
  const { what, options = [], lsm, eventSource } = need;
  const isArm64 = facts.architecture === "aarch64" && need.sinceArm64 !== undefined;
  const since = isArm64 ? laterOf(need.since, need.sinceArm64) : need.since;
  const [major, minor] = facts.version();
  if (since !== undefined && (major < since[0] || major === since[0] && minor < since[1])) {
    const where = isArm64 ? "on arm64 " : "";
    return `${what} ${where}need Linux ${since.join(".")} or newer; this is ${major}.${minor}`;
  }
  const sourceIsMissing = eventSource !== undefined && !facts.hasEventSource(eventSource);
  if (eventSource !== undefined && !sourceIsMissing) return undefined;
  const missing = options.filter((option) => facts.hasOption(option) === false);
  if (missing.length > 0) {
    return `this kernel was built without ${list(missing)}, which ${what} need`;
  }
  if (sourceIsMissing) {
    const known = options.every((option) => facts.hasOption(option) === true);
    return known
      ? `${what} need /sys/bus/event_source/devices/${eventSource}: is sysfs mounted on /sys?`
      : `this kernel has no ${what}, or no sysfs is mounted on /sys: they need ${list(options)}`;
  }
  if (lsm !== undefined && facts.hasLsm(lsm) === false) return inactiveLsmHint(lsm);
  return undefined;
}

/**
 * The event source that a probe goes through and that is not there. libbpf would make the probe through
 * tracefs instead, where it stays when the process is killed.
 */
export function missingEventSource(
  program: AttachSubject,
  facts: KernelFacts = kernel,
): string | undefined {
  const source = needOf(program)?.eventSource;
  return source === undefined || facts.hasEventSource(source) ? undefined : source;
}

/** Returns the hint for a security module that is not active. */
export function inactiveLsmHint(lsm: string): string {
  return `the security module "${lsm}" is not active, so its programs would never run: ` +
    `boot with lsm=…,${lsm} (/sys/kernel/security/lsm lists the active ones)`;
}

/** Every capability is there, and nothing that can be asked for is missing. */
function forbiddenHint({ what, options = [], lsm }: Need, facts: KernelFacts): string {
  const known = options.every((option) => facts.hasOption(option) === true);
  const needs = list([...options, ...(lsm === undefined ? [] : [`lsm=…,${lsm}`])]);
  const who = "lockdown, a security module, a user namespace or the kernel's maker";
  if (needs === "") return `${who} forbids ${what} on this machine`;
  return known
    ? `${what} need ${needs}, which this kernel has; ${who} forbids them all the same`
    : `${what} need ${needs}; where that is there, ${who} forbids them`;
}
