/**
 * Types of programs by the names of their sections, as libbpf 1.7 reads them
 * (`section_defs` in its libbpf.c, and its documentation of program types).
 */

import { levelsOfKind } from "../permissions/kinds.ts";
import type { Level } from "../permissions/levels.ts";

/** A kind of section. */
export interface SectionKind {
  /** `BPF_PROG_TYPE_*` of `linux/bpf.h`. */
  readonly type: number;
  /** `enum bpf_attach_type`; 0 where the type has only one. */
  readonly attachType: number;
  /** True if a target may follow after a slash, such as `tp/sched/sched_switch`. */
  readonly hasTarget: boolean;
}

/** `NAME+` may be followed by a target, `NAME` may not; type and attach type. */
const SECTIONS = `
socket 1 0
sk_reuseport/migrate 21 40
sk_reuseport 21 39
kprobe+ 2 0
uprobe+ 2 0
uprobe.s+ 2 0
kretprobe+ 2 0
uretprobe+ 2 0
uretprobe.s+ 2 0
kprobe.multi+ 2 42
kretprobe.multi+ 2 42
kprobe.session+ 2 56
uprobe.multi+ 2 48
uretprobe.multi+ 2 48
uprobe.session+ 2 57
uprobe.multi.s+ 2 48
uretprobe.multi.s+ 2 48
uprobe.session.s+ 2 57
ksyscall+ 2 0
kretsyscall+ 2 0
usdt+ 2 0
usdt.s+ 2 0
tc/ingress 3 46
tc/egress 3 47
tcx/ingress 3 46
tcx/egress 3 47
tc 3 0
classifier 3 0
action 4 0
netkit/primary 3 54
netkit/peer 3 55
tracepoint+ 5 0
tp+ 5 0
raw_tracepoint+ 17 0
raw_tp+ 17 0
raw_tracepoint.w+ 24 0
raw_tp.w+ 24 0
tp_btf+ 26 23
fentry+ 26 24
fmod_ret+ 26 26
fexit+ 26 25
fentry.s+ 26 24
fmod_ret.s+ 26 26
fexit.s+ 26 25
fsession+ 26 58
fsession.s+ 26 58
freplace+ 28 0
lsm+ 29 27
lsm.s+ 29 27
lsm_cgroup+ 29 43
iter+ 26 28
iter.s+ 26 28
syscall 31 0
xdp.frags/devmap 6 33
xdp/devmap 6 33
xdp.frags/cpumap 6 35
xdp/cpumap 6 35
xdp.frags 6 37
xdp 6 37
perf_event 7 0
lwt_in 10 0
lwt_out 11 0
lwt_xmit 12 0
lwt_seg6local 19 0
sockops 13 3
sk_skb/stream_parser 14 4
sk_skb/stream_verdict 14 5
sk_skb/verdict 14 38
sk_skb 14 0
sk_msg 16 7
lirc_mode2 20 16
flow_dissector 22 17
cgroup_skb/ingress 8 0
cgroup_skb/egress 8 1
cgroup/skb 8 0
cgroup/sock_create 9 2
cgroup/sock_release 9 34
cgroup/sock 9 2
cgroup/post_bind4 9 12
cgroup/post_bind6 9 13
cgroup/bind4 18 8
cgroup/bind6 18 9
cgroup/connect4 18 10
cgroup/connect6 18 11
cgroup/connect_unix 18 49
cgroup/sendmsg4 18 14
cgroup/sendmsg6 18 15
cgroup/sendmsg_unix 18 50
cgroup/recvmsg4 18 19
cgroup/recvmsg6 18 20
cgroup/recvmsg_unix 18 51
cgroup/getpeername4 18 29
cgroup/getpeername6 18 30
cgroup/getpeername_unix 18 52
cgroup/getsockname4 18 31
cgroup/getsockname6 18 32
cgroup/getsockname_unix 18 53
cgroup/sysctl 23 18
cgroup/getsockopt 25 21
cgroup/setsockopt 25 22
cgroup/dev 15 6
struct_ops+ 27 0
struct_ops.s+ 27 0
sk_lookup 30 36
netfilter 32 45
`;

const KINDS: readonly (readonly [name: string, kind: SectionKind])[] = SECTIONS.trim().split("\n")
  .map((line) => {
    const [pattern = "", type = "", attachType = ""] = line.split(" ");
    const hasTarget = pattern.endsWith("+");
    const kind = { type: Number(type), attachType: Number(attachType), hasTarget };
    return [hasTarget ? pattern.slice(0, -1) : pattern, kind];
  });

/**
 * Finds the kind of a section; a leading `?` only turns loading off.
 *
 * @returns `undefined` for a name that no loader knows: such a program cannot be loaded as it is
 */
export function sectionKind(
  section: string,
): { kind: SectionKind; target: string | undefined } | undefined {
  const name = section.replace(/^\?/, "");
  for (const [pattern, kind] of KINDS) {
    if (name === pattern) return { kind, target: undefined };
    if (kind.hasTarget && name.startsWith(`${pattern}/`)) {
      return { kind, target: name.slice(pattern.length + 1) };
    }
  }
  // Old objects name sections after these prefixes; other loaders take a name after each of them.
  const old = /^(socket|perf_event|sockops|xdp|classifier|tc)[/_]/.exec(name)?.[1];
  const [, kind] = KINDS.filter(([pattern]) => pattern === old || name.startsWith(`${pattern}/`))
    .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  return kind && { kind, target: undefined };
}

/** Arguments of functions of processes are memory of processes, which the kernel's type does not show. */
const USER_SECTION = /^\??(u(ret)?probe|usdt)\b/;

/** Returns the levels that a program of a section needs for its kind, whatever it calls. */
export function levelsOfSection(section: string): readonly Level[] {
  const found = sectionKind(section);
  if (found === undefined) return ["never"];
  const levels = levelsOfKind(found.kind.type, found.kind.attachType);
  return USER_SECTION.test(section) && !levels.includes("inspect")
    ? [...levels, "inspect"]
    : levels;
}
