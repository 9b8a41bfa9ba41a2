/** Attaches a program to its target. */
import {
  type BpfLink,
  type BpfMap,
  type BpfProgram,
  describeErrno,
  errno,
  errnoName,
  kernel,
  takeLog,
} from "../ffi/mod.ts";
import {
  type AttachPlan,
  type AttachSubject,
  parseAttachTarget,
  TargetSyntaxError,
} from "./attach_target.ts";
import { diagnoseAttach } from "./diagnosis.ts";
import { refusalInWords, type Words } from "./probe_refusals.ts";
import { BpfError } from "./errors.ts";
import { inactiveLsmHint, kernelHint, missingEventSource } from "./kernel_support.ts";
import { explainAttachRefusal } from "./permissions/attach_refusal.ts";
import type { Policy } from "./permissions/policy.ts";
import { ProgramType } from "./program_types.ts";

/** Maps of the object that contains the program: some targets name one. */
export interface OwnMaps {
  find(name: string): BpfMap | undefined;
  structOps(): BpfMap[];
}

/** Permissions of a program's object. */
export interface AttachRights {
  /** Its policy; level `write` allows uprobes at an offset, where the kernel writes a breakpoint. */
  readonly policy: Policy;
  /** Process of a probe in user space whose target names none; default: all processes. */
  readonly probedPid?: number | undefined;
}

/**
 * Attaches; the caller closes the link before the object.
 *
 * @param target as the guest gave it; empty to use the section's
 * @throws {BpfError} `EINVAL` for a target that the program's type does not support, or the
 * kernel's errno
 */
export function attachProgram(
  program: BpfProgram,
  target: string,
  maps: OwnMaps,
  rights: AttachRights,
): BpfLink {
  const plan = withProcess(planFor(program, target), rights.probedPid);
  if (program.type === ProgramType.LSM && kernel.hasLsm("bpf") === false) {
    // The kernel would take it, and never run it.
    throw new BpfError(operation(program, target), errno("EOPNOTSUPP"), {
      hint: inactiveLsmHint("bpf"),
    });
  }
  if (missingEventSource(subjectOf(program, plan)) !== undefined) {
    throw diagnose(program, target, plan, -errno("ENOENT"), "");
  }
  takeLog();
  const link = follow(program, plan, maps, rights);
  const log = takeLog();
  if (typeof link === "number") {
    throw refusalOf(program, target, { number: link, log, policy: rights.policy }) ??
      diagnose(program, target, plan, link, log);
  }
  return link;
}

/** Returns the error for a place that permissions refuse; undefined for another failure. */
function refusalOf(
  program: BpfProgram,
  target: string,
  { number, log, policy }: { number: number; log: string; policy: Policy },
): BpfError | undefined {
  if (number !== -errno("EPERM")) return undefined;
  const refusal = explainAttachRefusal(policy, log, target);
  return refusal && new BpfError(operation(program, target), number, {
    reason: `EPERM (${refusal.reason})`,
    hint: refusal.hint,
  });
}

function withProcess(plan: AttachPlan, pid: number | undefined): AttachPlan {
  if (pid === undefined || !("binary" in plan) || plan.pid !== undefined) return plan;
  return { ...plan, pid };
}

/** The program as if its section named the place: a target may lead elsewhere than the section. */
function subjectOf(program: BpfProgram, plan: AttachPlan): AttachSubject {
  const { type, attachType } = program;
  const words: Partial<Record<AttachPlan["kind"], string>> = {
    "kernel": "kprobe/",
    "uprobe": "uprobe/",
    "usdt": "usdt/",
  };
  const section = type === ProgramType.KPROBE ? words[plan.kind] : undefined;
  return { type, attachType, section: section ?? program.section };
}

/** Longer ones are not worth a terminal's screen. */
const SHOWN_TARGET_CHARACTERS = 200;

function shown(target: string): string {
  return target.length <= SHOWN_TARGET_CHARACTERS
    ? target
    : `${target.slice(0, SHOWN_TARGET_CHARACTERS)}…`;
}

function operation(program: BpfProgram, target: string): string {
  return `attach program "${program.name}" to "${shown(target || program.section)}"`;
}

function planFor(program: BpfProgram, target: string): AttachPlan {
  try {
    return parseAttachTarget(program, target);
  } catch (error) {
    if (!(error instanceof TargetSyntaxError)) throw error;
    const place = target === "" ? "without a target" : `to "${shown(target)}"`;
    throw new BpfError(`attach program "${program.name}" ${place}`, errno("EINVAL"), {
      reason: error.message,
      hint: error.hint,
      cause: error,
    });
  }
}

function follow(
  program: BpfProgram,
  plan: AttachPlan,
  maps: OwnMaps,
  rights: AttachRights,
): BpfLink | number {
  switch (plan.kind) {
    case "section":
      return program.attach();
    case "kernel":
      return program.attachKernel(plan);
    case "interface":
      return program.attachInterface(plan.name, plan.attachType);
    case "cgroup":
      return program.attachCgroup(plan.path);
    case "netns":
      return program.attachNetns(plan.path);
    case "netfilter":
      return program.attachNetfilter(plan.family, plan.hook, plan.priority);
    case "perf-event":
      return program.attachPerfEvent(plan);
    case "packet-socket":
      return program.attachPacketSocket(plan.interface);
    case "uprobe":
      return program.attachUprobe(plan, { mayWriteUser: rights.policy.allowsLevel("write") });
    case "uprobe-multi":
      return program.attachUprobeMulti(plan);
    case "usdt":
      return program.attachUsdt(plan);
    case "map-iterator": {
      const map = maps.find(plan.map);
      return map === undefined ? -errno("ENOENT") : program.attachMapIterator(map);
    }
    case "struct-ops":
      return structOpsMap(program, plan.map, maps).attachStructOps();
  }
}

function structOpsMap(program: BpfProgram, name: string | undefined, maps: OwnMaps): BpfMap {
  const candidates = maps.structOps();
  const found = candidates.filter((map) => name === undefined || map.name === name);
  const [map, ...others] = found;
  if (map !== undefined && others.length === 0) return map;
  const names = candidates.map((candidate) => candidate.name).join(", ") || "none";
  throw new BpfError(operation(program, name ?? ""), errno(found.length ? "EINVAL" : "ENOENT"), {
    reason: found.length
      ? "the object has several struct_ops maps"
      : "the object has no struct_ops map of that name",
    hint: `the target is the name of a struct_ops map; it has: ${names}`,
  });
}

function diagnose(
  program: BpfProgram,
  target: string,
  plan: AttachPlan,
  number: number,
  log: string,
): BpfError {
  const refusal = refusalInWords(plan);
  const words = refusal ?? inWords(plan, number) ?? sectionInWords(program, plan, number);
  // libbpf was given a descriptor to open, not the guest's path.
  const said = "binary" in plan
    ? log.replaceAll(/\/proc\/(?:thread-)?self\/fd\/\d+/g, plan.binary)
    : log;
  return diagnoseAttach(program, number, said, {
    target: shown(target),
    reason: words?.reason === undefined
      ? undefined
      : `${errnoName(number) ?? describeErrno(number)} (${words.reason})`,
    // A reason of its own is complete: a general hint for the errno would mislead.
    hint: refusal?.hint ?? unknownLinkHint(log) ?? kernelHint(program, number) ??
      (words === undefined ? undefined : words.hint ?? ""),
  });
}

/** The kernel's BPF_TRACE_MAX_PROGS. */
const TOO_MANY_PROGRAMS: Words = {
  reason: "64 programs are attached there, the most that the kernel takes",
  hint: "end other tools that trace the same event (bpftool link lists them), or use raw_tp, " +
    "which has no such limit",
};

/** Explains an errno of a way of attaching, where the kernel's log has no reason. */
/** Returns the hint for an attach type that the gate at the system call does not know. */
function unknownLinkHint(log: string): string | undefined {
  return /^(?:libbpf: )?a link of attach type \d+ is refused$/m.test(log)
    ? "wasm-bpf does not attach programs of this type"
    : undefined;
}

function inWords(plan: AttachPlan, number: number): Words | undefined {
  switch (`${plan.kind} ${errnoName(number)}`) {
    case "interface ENODEV":
    case "packet-socket ENODEV":
      return {
        reason: "no such interface",
        hint: "list the interfaces of this network namespace: ls /sys/class/net",
      };
    case "interface ENXIO":
      return {
        reason: "it is not a netkit interface",
        hint: "ip -details link show type netkit lists those that are",
      };
    case "interface EACCES":
      return {
        reason: "it is the peer of a netkit pair",
        hint: "name the primary interface, for programs of netkit/peer as well",
      };
    case "interface EBUSY":
    case "interface EEXIST":
      return { hint: "the interface has an XDP program already, and takes one only" };
    case "netns EEXIST":
    case "netns E2BIG":
      return {
        reason: "already in use",
        hint: "the network namespace has a program of this kind already, and takes one only",
      };
    case "netns EACCES":
      return {
        hint:
          "another process's /proc/PID/ns requires CAP_SYS_PTRACE and that process's capabilities",
      };
    case "cgroup ENOENT":
      return {
        reason: "no such cgroup2 directory",
        hint: "see /proc/mounts for the cgroup2 mount; cgroup version 1 is not supported",
      };
    case "netns ENOENT":
      return {
        reason: "no such network namespace",
        hint: 'pass a path, such as "/run/netns/blue" or "/proc/1/ns/net"',
      };
    case "uprobe ENOENT":
    case "uprobe-multi ENOENT":
      return {
        reason: "no such ELF file, or no such function in it",
        hint: "nm -D FILE lists the functions that a stripped file still names",
      };
    case "usdt ENOENT":
      return {
        reason: "no such ELF file, or no such probe in it",
        hint: "readelf -n FILE lists the probes, as stapsdt notes",
      };
    case "uprobe E2BIG":
    case "usdt E2BIG":
      return TOO_MANY_PROGRAMS;
    case "cgroup E2BIG":
      return {
        reason: "the cgroup has 64 programs of this kind, the most that the kernel takes",
        hint: "bpftool cgroup show PATH lists them",
      };
    case "uprobe ESRCH":
    case "uprobe-multi ESRCH":
    case "usdt ESRCH":
      return { reason: "no such process, or it does not map the file" };
    case "perf-event ENODEV":
      return { reason: "no such CPU" };
    case "perf-event ENOENT":
    case "perf-event EOPNOTSUPP":
      return {
        reason: "this machine has no such event",
        hint: "virtual machines often lack the hardware ones; software:cpu-clock is everywhere",
      };
    case "perf-event EINVAL":
      return {
        hint: "lower the frequency: /proc/sys/kernel/perf_event_max_sample_rate has the maximum",
      };
    case "map-iterator ENOENT":
      return { reason: "the eBPF object has no map of that name" };
    case "struct-ops EOPNOTSUPP":
      return {
        hint: 'only maps of section ".struct_ops.link" are attached: others would outlive wasm-bpf',
      };
    default:
      return undefined;
  }
}

/** Kinds that a section's name alone can attach; libbpf knows no way for the others. */
const SELF_ATTACHING: ReadonlySet<number> = new Set([
  ProgramType.KPROBE,
  ProgramType.TRACEPOINT,
  ProgramType.RAW_TRACEPOINT,
  ProgramType.RAW_TRACEPOINT_WRITABLE,
  ProgramType.TRACING,
  ProgramType.EXT,
  ProgramType.LSM,
]);

function sectionInWords(program: BpfProgram, plan: AttachPlan, number: number): Words | undefined {
  if (plan.kind !== "section") return undefined;
  const isTraceEvent = program.type === ProgramType.TRACEPOINT ||
    program.type === ProgramType.KPROBE;
  if (-number === errno("E2BIG") && isTraceEvent) return TOO_MANY_PROGRAMS;
  if (-number === errno("EOPNOTSUPP") && !SELF_ATTACHING.has(program.type)) {
    return {
      hint: "programs of this kind run from a map, a socket or a route: they take no target",
    };
  }
  if (-number === errno("EINVAL") && /^(tp|tracepoint)\//.test(program.section)) {
    return {
      reason: "the section names no tracepoint",
      hint: 'it is "tp/CATEGORY/NAME", such as "tp/sched/sched_process_exec"',
    };
  }
  if (-number === errno("ENOENT") && /^k(ret)?(probe|syscall)\//.test(program.section)) {
    return { hint: "this kernel has no function of that name that can be probed (/proc/kallsyms)" };
  }
  // libbpf looks the functions of kprobe.multi up in tracefs, mounted.
  const looksUp = /^k(ret)?probe\.(multi|session)\//.test(program.section);
  return looksUp && -number === errno("ENOENT") ? lookUpInWords() : undefined;
}

/** Where the configuration is in no file, tracefs alone may not be what is missing. */
function lookUpInWords(): Words | undefined {
  const isUnknown = kernel.hasOption("CONFIG_FPROBE") === undefined;
  if (kernel.hasTracefs()) {
    if (!isUnknown) return undefined;
    return {
      hint: "no function of this kernel matches, or it was built without CONFIG_FPROBE: " +
        "no file has its configuration",
    };
  }
  return {
    hint: "its functions are looked up in tracefs, which is not mounted: " +
      "mount -t tracefs tracefs /sys/kernel/tracing" +
      (isUnknown ? "; it needs a kernel with CONFIG_FPROBE as well" : ""),
  };
}
