/**
 * Parser of attach targets: text in, plan out. Nothing here touches the system.
 *
 * Forms, kernel minima, errors, and what a guest can and cannot do by each: `docs/attach-targets.md`.
 */
import {
  cut,
  FAMILIES,
  HOOKS,
  interfaceName,
  NETFILTER_FORM,
  path,
  TargetSyntaxError,
  utf8Length,
  wholeNumber,
} from "./target_parts.ts";
import { namedPlace } from "./named_place.ts";
import { parsePerfEvent } from "./perf_events.ts";
import { AttachType, ProgramType } from "./program_types.ts";

export { TargetSyntaxError } from "./target_parts.ts";

/** Properties of a program that decide how it is attached. */
export interface AttachSubject {
  /** `BPF_PROG_TYPE_*`. */
  type: number;
  /** `enum bpf_attach_type`. */
  attachType: number;
  /** The ELF section's name. */
  section: string;
}

/** Where a program goes, checked for form. */
export type AttachPlan =
  /** As libbpf reads the section. */
  | { kind: "section" }
  /** A place in the kernel that the target names: `enum shim_kernel_place`. */
  | { kind: "kernel"; place: number; name: string; offset: bigint }
  | { kind: "interface"; name: string; attachType: number }
  | { kind: "cgroup"; path: string }
  | { kind: "netns"; path: string }
  /** `NFPROTO_*` and `enum nf_inet_hooks`. */
  | { kind: "netfilter"; family: number; hook: number; priority: number }
  /** `PERF_TYPE_*`; every CPU without one. */
  | { kind: "perf-event"; type: number; config: bigint; frequency: bigint; cpu?: number }
  | { kind: "packet-socket"; interface: string }
  | UserProbe
  /** An iterator over the elements of one of the maps of its object. */
  | { kind: "map-iterator"; map: string }
  /** A struct_ops map of the same object; the only one when no name is given. */
  | { kind: "struct-ops"; map?: string };

/** Code in user space: every process without a PID. */
export type UserProbe =
  & { binary: string; pid?: number; onReturn: boolean }
  & (
    | { kind: "uprobe"; symbol: string; offset: bigint }
    | { kind: "uprobe-multi"; pattern: string }
    | { kind: "usdt"; provider: string; name: string }
  );

/**
 * Reads a target.
 *
 * @param target as the guest gave it; empty to use the section's
 * @throws {TargetSyntaxError}
 */
export function parseAttachTarget(program: AttachSubject, target: string): AttachPlan {
  if (target.includes("\0")) {
    throw new TargetSyntaxError("a target cannot contain NUL", formOf(program));
  }
  switch (program.type) {
    case ProgramType.XDP:
      return xdp(program, target);
    case ProgramType.SCHED_CLS:
      return classifier(program, target);
    case ProgramType.SOCK_OPS:
    case ProgramType.CGROUP_SKB:
    case ProgramType.CGROUP_SOCK:
    case ProgramType.CGROUP_DEVICE:
    case ProgramType.CGROUP_SOCK_ADDR:
    case ProgramType.CGROUP_SYSCTL:
    case ProgramType.CGROUP_SOCKOPT:
      return { kind: "cgroup", path: path(target, CGROUP_FORM) };
    case ProgramType.SK_LOOKUP:
    case ProgramType.FLOW_DISSECTOR:
      return { kind: "netns", path: target === "" ? OWN_NETNS : path(target, NETNS_FORM) };
    case ProgramType.NETFILTER:
      return netfilter(target);
    case ProgramType.PERF_EVENT:
      return { kind: "perf-event", ...parsePerfEvent(target) };
    case ProgramType.SOCKET_FILTER:
      return { kind: "packet-socket", interface: interfaceName(target, INTERFACE_FORM) };
    case ProgramType.STRUCT_OPS:
      return target === "" ? { kind: "struct-ops" } : { kind: "struct-ops", map: target };
  }
  if (program.attachType === AttachType.LSM_CGROUP && program.type === ProgramType.LSM) {
    return { kind: "cgroup", path: path(target, CGROUP_FORM) };
  }
  if (program.attachType === AttachType.TRACE_ITER && program.type === ProgramType.TRACING) {
    return iterator(program.section, target);
  }
  const named = namedPlace(program.type, target);
  if (named !== undefined) {
    return "section" in named ? namedBinary(named.section, named.rest) : named;
  }
  if (program.type === ProgramType.KPROBE) {
    const probe = userProbe(program.section, target);
    if (probe !== undefined) return probe;
    if (KERNEL_PATTERN.test(program.section)) pattern(program.section, PATTERN_FORM);
  }
  if (target === "") return { kind: "section" };
  throw new TargetSyntaxError("this kind of program takes no target", SECTION_FORM);
}

const INTERFACE_FORM = 'the target is the name of a network interface, such as "eth0"';
const TC_FORM = 'the target is the name of a network interface, such as "eth0" or "eth0:egress"';
const CGROUP_FORM =
  'the target is the path of a directory on cgroup2, such as "/sys/fs/cgroup/system.slice"';
const NETNS_FORM =
  'the target is empty or the path of a network namespace, such as "/run/netns/blue" or "/proc/1/ns/net"';
const UPROBE_FORM =
  'the target is BINARY:SYMBOL[+OFFSET][@PID], such as "/usr/bin/bash:readline" or "libc.so.6:malloc@1234"';
const UPROBE_MULTI_FORM =
  'the target is BINARY:PATTERN[@PID], such as "libc.so.6:str*" or "/usr/bin/bash:read?ine@1234"';
const USDT_FORM =
  'the target is BINARY:PROVIDER:NAME[@PID], such as "libc.so.6:libc:memory_sbrk_more"';
const MAP_FORM = "the target is the name of one of the eBPF object's own maps";
const SECTION_FORM =
  'its section\'s name has the place: attach it with an empty target (null or "")';

/** The network namespace of the thread that runs the guest. */
const OWN_NETNS = "/proc/thread-self/ns/net";

/** The right form for a kind of program. */
function formOf(program: AttachSubject): string {
  try {
    parseAttachTarget(program, "");
  } catch (error) {
    if (error instanceof TargetSyntaxError) return error.hint;
  }
  return SECTION_FORM;
}

function xdp(program: AttachSubject, target: string): AttachPlan {
  if (program.attachType !== AttachType.XDP) {
    throw new TargetSyntaxError(
      "programs of a device or CPU map run from that map and are not attached",
      'for an interface, the section is "xdp" or "xdp.frags"',
    );
  }
  return {
    kind: "interface",
    name: interfaceName(target, INTERFACE_FORM),
    attachType: AttachType.XDP,
  };
}

/** Classifiers whose section has the direction: netkit's are named after the end that sends. */
const ONE_DIRECTION: ReadonlySet<number> = new Set([
  AttachType.TCX_INGRESS,
  AttachType.TCX_EGRESS,
  AttachType.NETKIT_PRIMARY,
  AttachType.NETKIT_PEER,
]);

/** A section such as `tc` leaves the direction open; an interface's name cannot contain `:`. */
function classifier(program: AttachSubject, target: string): AttachPlan {
  const { attachType } = program;
  if (ONE_DIRECTION.has(attachType)) {
    return { kind: "interface", name: interfaceName(target, INTERFACE_FORM), attachType };
  }
  if (attachType !== 0) {
    throw new TargetSyntaxError(
      `wasm-bpf does not attach programs of section "${program.section}"`,
      'for an interface, the section is "tc", "tcx/ingress", "tcx/egress", "netkit/primary" or "netkit/peer"',
    );
  }
  const [name, direction = "ingress"] = cut(target, ":");
  if (direction !== "ingress" && direction !== "egress") {
    throw new TargetSyntaxError("the direction is ingress or egress", TC_FORM);
  }
  return {
    kind: "interface",
    name: interfaceName(name, TC_FORM),
    attachType: direction === "ingress" ? AttachType.TCX_INGRESS : AttachType.TCX_EGRESS,
  };
}

function netfilter(target: string): AttachPlan {
  const [familyName = "", hookName = "", priorityText = "", ...rest] = target.split(":");
  const family = FAMILIES.get(familyName);
  const hook = HOOKS.get(hookName);
  if (family === undefined || hook === undefined || rest.length > 0) {
    throw new TargetSyntaxError("not a netfilter hook", NETFILTER_FORM);
  }
  // The kernel keeps the two ends of the range to itself.
  const range = { min: -(2n ** 31n) + 1n, max: 2n ** 31n - 2n };
  const priority = Number(wholeNumber(priorityText, "priority", range, NETFILTER_FORM));
  return { kind: "netfilter", family, hook, priority };
}

/** Iterators over the elements of a map, which the target has to name. */
const MAP_ITERATORS = /^iter(\.s)?\/bpf_(map_elem|sk_storage_map)$/;

function iterator(section: string, target: string): AttachPlan {
  if (MAP_ITERATORS.test(section)) {
    if (target === "") throw new TargetSyntaxError("missing the map's name", MAP_FORM);
    return { kind: "map-iterator", map: target };
  }
  if (target === "") return { kind: "section" };
  throw new TargetSyntaxError("this iterator takes no target", SECTION_FORM);
}

const USER_SECTION = /^(?:(uprobe|uretprobe)(\.multi|\.session)?|(usdt))(?:\.s)?(?:\/(.*))?$/s;

/** A probe of a binary, by a target that names its kind as a section does. */
function namedBinary(section: string, rest: string): AttachPlan {
  const probe = userProbe(section, rest);
  if (probe === undefined) throw new TargetSyntaxError("it does not name a place", UPROBE_FORM);
  return probe;
}

/** Combines the section of a user-space probe with the target; `undefined` for another section. */
function userProbe(section: string, target: string): UserProbe | undefined {
  const match = USER_SECTION.exec(section);
  if (match === null) return undefined;
  const [, probe = "", several, usdt, where = ""] = match;
  if (where !== "" && target !== "") {
    throw new TargetSyntaxError(`the section "${section}" names the place already`, SECTION_FORM);
  }
  const form = usdt ? USDT_FORM : several ? UPROBE_MULTI_FORM : UPROBE_FORM;
  const [place, pid] = where !== "" ? [where] : withoutPid(target, form);
  const onReturn = probe === "uretprobe";
  const common = { onReturn, ...(pid === undefined ? {} : { pid }) };
  const [rest, last] = cutLast(place, form);
  if (usdt) {
    const [binary, provider] = cutLast(rest, form);
    const names = { provider: symbol(provider, form), name: symbol(last, form) };
    return { kind: "usdt", binary: path(binary, form), ...names, ...common };
  }
  const binary = path(rest, form);
  if (several) {
    return { kind: "uprobe-multi", binary, pattern: pattern(symbol(last, form), form), ...common };
  }
  const [name, offset] = withoutOffset(last, form);
  if (onReturn && offset !== 0n) {
    throw new TargetSyntaxError("a return probe takes no offset", form);
  }
  return { kind: "uprobe", binary, symbol: symbol(name, form), offset, ...common };
}

/** Text before and after the last colon: a path may hold one, a symbol does not. */
function cutLast(text: string, form: string): [string, string] {
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw new TargetSyntaxError("it does not name a place in a binary", form);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** `…@1234`. What is not all digits belongs to the symbol, as in `memcpy@@GLIBC_2.14`. */
function withoutPid(target: string, form: string): [string, number?] {
  const match = /^(.*[^@])@(\d+)$/s.exec(target);
  if (match === null) return [target];
  if (/^0+$/.test(match[2] ?? "")) {
    throw new TargetSyntaxError(
      "PID 0 is the program that attaches, and a module has no native functions",
      form,
    );
  }
  const pid = wholeNumber(match[2] ?? "", "PID", { min: 1n, max: 2n ** 31n - 1n }, form);
  return [match[1] ?? "", Number(pid)];
}

/** `…+16` or `…+0x10`. */
function withoutOffset(text: string, form: string): [string, bigint] {
  const plus = text.lastIndexOf("+");
  if (plus < 0) return [text, 0n];
  const range = { min: 0n, max: 2n ** 40n };
  return [text.slice(0, plus), wholeNumber(text.slice(plus + 1), "offset", range, form)];
}

/** Kernel functions that libbpf finds by a pattern. */
const KERNEL_PATTERN = /^k(?:ret)?probe\.(?:multi|session)\//;
const PATTERN_FORM = 'its section ends with a pattern, such as "kprobe.multi/tcp_*_connect"';

/**
 * libbpf tries every length for every `*`, and nothing stops it: each more takes a name's length times
 * as long.
 */
const MAX_STARS = 3;

function pattern(text: string, form: string): string {
  const stars = text.match(/\*+/g)?.length ?? 0;
  if (stars <= MAX_STARS) return text;
  throw new TargetSyntaxError(
    `its pattern has ${stars} times *, at most ${MAX_STARS} are taken`,
    form,
  );
}

/** Longer than any that compilers make. */
const SYMBOL_MAX_BYTES = 4096;

function symbol(text: string, form: string): string {
  if (text === "" || utf8Length(text) > SYMBOL_MAX_BYTES) {
    throw new TargetSyntaxError("missing symbol", form);
  }
  return text;
}
