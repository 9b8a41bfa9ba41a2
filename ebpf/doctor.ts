/**
 * Looks at what the running kernel and the rights of this process allow, by trying it.
 *
 * @module
 */
import {
  describeErrno,
  hasHelper,
  HostError,
  kernel,
  KernelFeature,
  landlockVersion,
  readKernelFile,
  seccompAvailability,
  tryFeature,
} from "../ffi/mod.ts";
import type { AttachSubject } from "./attach_target.ts";
import { inactiveLsmHint, kernelHint } from "./kernel_support.ts";
import { MapType } from "./map_types.ts";
import { AttachType, ProgramType } from "./program_types.ts";
import { helperByNumber } from "./permissions/entries.ts";

/** Result of one check. */
export interface Check {
  /** Group, such as `rights`. */
  readonly group: "kernel" | "rights" | "attach" | "programs" | "maps" | "helpers" | "sandbox";
  /** Subject, such as `kprobe`. */
  readonly name: string;
  /** `ok`, `missing` for what does not work here, `note` for a fact alone. */
  readonly state: "ok" | "missing" | "note";
  /** Value, or the reason. */
  readonly detail: string;
  /** Next step. */
  readonly hint?: string;
}

const MAX_BYTES = 2 ** 20;
const MAX_BTF_BYTES = 2 ** 26;

/** Capabilities of `linux/capability.h`, with their use. */
const CAPABILITIES: readonly (readonly [number: number, name: string, use: string])[] = [
  [39, "CAP_BPF", "load programs and make maps"],
  [38, "CAP_PERFMON", "trace the kernel"],
  [12, "CAP_NET_ADMIN", "attach to interfaces, cgroups and namespaces"],
  [13, "CAP_NET_RAW", "attach socket filters"],
  [2, "CAP_DAC_READ_SEARCH", "read tracefs without root"],
  [21, "CAP_SYS_ADMIN", "mount tracefs where it is missing"],
];

/** Right to raise limits. */
const CAP_SYS_RESOURCE = 24;

/** Ways to attach, which are tried, with the subject that explains a failure. */
const ATTACH: readonly (readonly [name: string, feature: number, subject: AttachSubject])[] = [
  ["tracepoint", KernelFeature.Tracepoint, subject(ProgramType.TRACEPOINT, "tp/sched/x")],
  ["raw_tracepoint", KernelFeature.RawTracepoint, subject(ProgramType.RAW_TRACEPOINT, "raw_tp")],
  ["tp_btf", KernelFeature.TpBtf, subject(ProgramType.TRACING, "tp_btf", AttachType.TRACE_RAW_TP)],
  ["fentry", KernelFeature.Fentry, subject(ProgramType.TRACING, "fentry")],
  ["kprobe", KernelFeature.Kprobe, subject(ProgramType.KPROBE, "kprobe")],
  ["uprobe", KernelFeature.Uprobe, subject(ProgramType.KPROBE, "uprobe")],
  ["perf_event", KernelFeature.PerfEvent, subject(ProgramType.PERF_EVENT, "perf_event")],
  ["iterator", KernelFeature.Iterator, subject(ProgramType.TRACING, "iter", AttachType.TRACE_ITER)],
  ["lsm", KernelFeature.Lsm, subject(ProgramType.LSM, "lsm")],
  ["xdp (load only)", KernelFeature.Xdp, subject(ProgramType.XDP, "xdp")],
];

function subject(type: number, section: string, attachType = 0): AttachSubject {
  return { type, attachType, section };
}

/** Program types that are tried by a load alone. */
const PROGRAMS: readonly (readonly [name: string, type: number])[] = [
  ["socket_filter", ProgramType.SOCKET_FILTER],
  ["sched_cls", ProgramType.SCHED_CLS],
  ["cgroup_skb", ProgramType.CGROUP_SKB],
  ["cgroup_sock_addr", ProgramType.CGROUP_SOCK_ADDR],
  ["sock_ops", ProgramType.SOCK_OPS],
  ["sk_lookup", ProgramType.SK_LOOKUP],
  ["flow_dissector", ProgramType.FLOW_DISSECTOR],
  ["struct_ops", ProgramType.STRUCT_OPS],
  ["netfilter", ProgramType.NETFILTER],
];

const MAPS: readonly (readonly [name: string, type: number])[] = [
  ["ring buffer", MapType.RingBuffer],
  ["perf event array", MapType.PerfEventArray],
  ["stack trace", MapType.StackTrace],
  ["hash", MapType.Hash],
  ["task storage", MapType.TaskStorage],
  ["bloom filter", MapType.BloomFilter],
  ["user ring buffer", MapType.UserRingBuffer],
  ["arena", MapType.Arena],
];

/** Helpers that decide whether tools run, by number, and a type of program that calls them. */
const HELPERS: readonly (readonly [helper: number, type: number])[] = [
  [112, ProgramType.TRACEPOINT], // probe_read_user
  [113, ProgramType.TRACEPOINT], // probe_read_kernel
  [27, ProgramType.TRACEPOINT], // get_stackid
  [130, ProgramType.TRACEPOINT], // ringbuf_output
  [125, ProgramType.TRACEPOINT], // ktime_get_boot_ns
  [158, ProgramType.TRACEPOINT], // get_current_task_btf
  [174, ProgramType.TRACEPOINT], // get_attach_cookie
  [181, ProgramType.TRACEPOINT], // loop
  [109, ProgramType.TRACEPOINT], // send_signal
  [58, ProgramType.KPROBE], // override_return
];

/** Runs every check. Loads and attaches programs that do nothing, for a moment each. */
export function examineKernel(): Check[] {
  return [
    ...kernelChecks(),
    ...rightChecks(),
    ...ATTACH.map(([name, feature, subject]) => attachCheck(name, tryFeature(feature), subject)),
    ...PROGRAMS.map(([name, type]) => supportCheck("programs", name, kernel.supports(2, type))),
    ...MAPS.map(([name, type]) => supportCheck("maps", name, kernel.supports(1, type))),
    ...HELPERS.map(([helper, type]) =>
      supportCheck(
        "helpers",
        helperByNumber(helper)?.name ?? `helper ${helper}`,
        hasHelper(type, helper),
      )
    ),
    ...sandboxChecks(),
  ];
}

function kernelChecks(): Check[] {
  const release = textOf("/proc/sys/kernel/osrelease") ?? kernel.version().join(".");
  return [
    {
      group: "kernel",
      name: "release",
      state: "note",
      detail: `${release}, ${kernel.architecture}`,
    },
    btfCheck(),
    jitCheck(),
    lockdownCheck(),
    securityModules(),
    tracefsCheck(),
    cgroupCheck(),
  ];
}

function btfCheck(): Check {
  const about = { group: "kernel", name: "BTF" } as const;
  try {
    const bytes = readKernelFile("/sys/kernel/btf/vmlinux", { maxBytes: MAX_BTF_BYTES });
    return { ...about, state: "ok", detail: `${Math.ceil(bytes.length / 1024)} KiB` };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return {
      ...about,
      state: "missing",
      detail: error.code,
      hint: error.code === "ENOENT"
        ? "use a kernel with CONFIG_DEBUG_INFO_BTF: objects are fitted to the kernel by it"
        : "make /sys/kernel/btf/vmlinux readable",
    };
  }
}

function jitCheck(): Check {
  const value = textOf("/proc/sys/net/core/bpf_jit_enable");
  return {
    group: "kernel",
    name: "JIT",
    state: value === "0" ? "missing" : "ok",
    detail: value === "0" ? "off" : value === undefined ? "always on, or unreadable" : "on",
    ...(value === "0"
      ? { hint: "run sysctl net.core.bpf_jit_enable=1: programs are slow without" }
      : {}),
  };
}

function lockdownCheck(): Check {
  const text = textOf("/sys/kernel/security/lockdown");
  const mode = /\[(\w+)\]/.exec(text ?? "")?.[1];
  const isConfidential = mode === "confidentiality";
  return {
    group: "kernel",
    name: "lockdown",
    state: isConfidential ? "missing" : mode === undefined ? "note" : "ok",
    detail: mode ?? "not reported",
    ...(isConfidential
      ? { hint: "boot without lockdown=confidentiality: it forbids reading the kernel's memory" }
      : {}),
  };
}

function securityModules(): Check {
  const has = kernel.hasLsm("bpf");
  return {
    group: "kernel",
    name: "LSM bpf",
    state: has === true ? "ok" : "note",
    detail: has === undefined
      ? "not reported"
      : has
      ? "active"
      : "not active: LSM programs never run",
    ...(has === false ? { hint: "boot with bpf in lsm= to use LSM programs" } : {}),
  };
}

function tracefsCheck(): Check {
  const has = kernel.hasTracefs();
  return {
    group: "kernel",
    name: "tracefs",
    state: has ? "ok" : "note",
    detail: has ? "mounted" : "not mounted; opened by wasm-bpf where CAP_SYS_ADMIN allows",
  };
}

function cgroupCheck(): Check {
  const mounts = textOf("/proc/self/mounts") ?? "";
  const place = mounts.split("\n").map((line) => line.split(" ")).find(([, , type]) =>
    type === "cgroup2"
  );
  return {
    group: "kernel",
    name: "cgroup2",
    state: place === undefined ? "note" : "ok",
    detail: place === undefined ? "not mounted: no place for cgroup programs" : place[1] ?? "",
  };
}

function rightChecks(): Check[] {
  const memlock = /^Max locked memory +(\S+)/m.exec(textOf("/proc/self/limits") ?? "")?.[1];
  const [major, minor] = kernel.version();
  // Since 5.11 memory of programs and maps counts for control groups instead.
  const isOld = major < 5 || major === 5 && minor < 11;
  const isLimited = isOld && memlock !== undefined && memlock !== "unlimited";
  // libbpf raises the limit where it may.
  const isLow = isLimited && !kernel.hasCapability(CAP_SYS_RESOURCE);
  const paranoid = textOf("/proc/sys/kernel/perf_event_paranoid");
  const unprivileged = textOf("/proc/sys/kernel/unprivileged_bpf_disabled");
  return [
    ...CAPABILITIES.map(([number, name, use]): Check => {
      const has = kernel.hasCapability(number);
      return {
        group: "rights",
        name,
        state: has ? "ok" : number >= 38 ? "missing" : "note",
        detail: has ? use : `absent: cannot ${use}`,
        ...(has || number < 38 ? {} : { hint: `run as root, or give wasm-bpf ${name} by setcap` }),
      };
    }),
    {
      group: "rights",
      name: "memlock",
      state: isLow ? "missing" : "ok",
      detail: `${memlock ?? "not reported"}${
        isOld
          ? isLimited && !isLow ? ", raised when necessary" : ""
          : ", not used for BPF by this kernel"
      }`,
      ...(isLow
        ? { hint: "run ulimit -l unlimited: this kernel counts BPF memory as locked" }
        : {}),
    },
    {
      group: "rights",
      name: "perf_event_paranoid",
      state: "note",
      detail: paranoid ?? "not reported",
    },
    {
      group: "rights",
      name: "unprivileged_bpf_disabled",
      state: "note",
      detail: unprivileged ?? "not reported",
    },
  ];
}

function attachCheck(name: string, result: number, subject: AttachSubject): Check {
  if (result === 0 && subject.type === ProgramType.LSM && kernel.hasLsm("bpf") === false) {
    const detail = "attaches, but never runs";
    return { group: "attach", name, state: "missing", detail, hint: inactiveLsmHint("bpf") };
  }
  if (result === 0) return { group: "attach", name, state: "ok", detail: "tried" };
  const hint = kernelHint(subject, result);
  return {
    group: "attach",
    name,
    state: "missing",
    detail: describeErrno(result),
    ...(hint === undefined ? {} : { hint }),
  };
}

function supportCheck(group: "programs" | "maps" | "helpers", name: string, result: number): Check {
  return {
    group,
    name,
    state: result === 1 ? "ok" : result === 0 ? "missing" : "note",
    detail: result === 1 ? "tried" : result === 0 ? "refused by the kernel" : describeErrno(result),
  };
}

function sandboxChecks(): Check[] {
  const landlock = landlockVersion();
  const seccomp = seccompAvailability();
  return [
    {
      group: "sandbox",
      name: "Landlock",
      state: landlock > 0 ? "ok" : "missing",
      detail: landlock > 0 ? `version ${landlock}` : describeErrno(landlock),
      ...(landlock > 0 ? {} : { hint: "boot with landlock in lsm= to confine modules" }),
    },
    {
      group: "sandbox",
      name: "seccomp",
      state: seccomp >= 0 ? "ok" : "missing",
      detail: seccomp >= 0 ? "available" : describeErrno(seccomp),
    },
  ];
}

/** Returns a small file of the kernel; undefined when it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return new TextDecoder().decode(readKernelFile(path, { maxBytes: MAX_BYTES })).trim();
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
