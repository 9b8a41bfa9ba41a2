import assert from "node:assert/strict";
import {
  type AttachPlan,
  type AttachSubject,
  parseAttachTarget,
  TargetSyntaxError,
} from "./attach_target.ts";
import { AttachType, ProgramType } from "./program_types.ts";

function subject(type: number, section: string, attachType = 0): AttachSubject {
  return { type, attachType, section };
}

const XDP = subject(ProgramType.XDP, "xdp", AttachType.XDP);
const TC = subject(ProgramType.SCHED_CLS, "tc");
const NETKIT_PEER = subject(ProgramType.SCHED_CLS, "netkit/peer", AttachType.NETKIT_PEER);
const TCX_EGRESS = subject(ProgramType.SCHED_CLS, "tcx/egress", AttachType.TCX_EGRESS);
const CGROUP = subject(ProgramType.CGROUP_SKB, "cgroup_skb/ingress");
const LSM_CGROUP = subject(ProgramType.LSM, "lsm_cgroup/x", AttachType.LSM_CGROUP);
const SK_LOOKUP = subject(ProgramType.SK_LOOKUP, "sk_lookup", 36);
const NETFILTER = subject(ProgramType.NETFILTER, "netfilter", 45);
const PERF = subject(ProgramType.PERF_EVENT, "perf_event");
const SOCKET = subject(ProgramType.SOCKET_FILTER, "socket");
const UPROBE = subject(ProgramType.KPROBE, "uprobe");
const URETPROBE = subject(ProgramType.KPROBE, "uretprobe.s");
const MULTI = subject(ProgramType.KPROBE, "uprobe.multi", 48);
const USDT = subject(ProgramType.KPROBE, "usdt");
const KPROBE = subject(ProgramType.KPROBE, "kprobe/do_unlinkat");
const TRACEPOINT = subject(ProgramType.TRACEPOINT, "tp/sched/sched_process_exec");
const RAW_TRACEPOINT = subject(ProgramType.RAW_TRACEPOINT, "raw_tp/sys_enter");
const ITERATOR = subject(ProgramType.TRACING, "iter/task", AttachType.TRACE_ITER);
const MAP_ITERATOR = subject(ProgramType.TRACING, "iter/bpf_map_elem", AttachType.TRACE_ITER);
const STRUCT_OPS = subject(ProgramType.STRUCT_OPS, "struct_ops/x");

function kernelPlace(place: number, name: string, offset = 0n): AttachPlan {
  return { kind: "kernel", place, name, offset };
}

function uprobe(
  binary: string,
  symbol: string,
  more: { onReturn: boolean; pid?: number },
): AttachPlan {
  return { kind: "uprobe", binary, symbol, offset: 0n, ...more };
}

const UNDERSTOOD: readonly (readonly [AttachSubject, string, AttachPlan])[] = [
  [XDP, "eth0", { kind: "interface", name: "eth0", attachType: 37 }],
  [XDP, "fifteen-bytes-1", { kind: "interface", name: "fifteen-bytes-1", attachType: 37 }],
  [XDP, "üß", { kind: "interface", name: "üß", attachType: 37 }],
  [TC, "lo", { kind: "interface", name: "lo", attachType: 46 }],
  [TC, "lo:ingress", { kind: "interface", name: "lo", attachType: 46 }],
  [TC, "lo:egress", { kind: "interface", name: "lo", attachType: 47 }],
  [NETKIT_PEER, "nk0", { kind: "interface", name: "nk0", attachType: 55 }],
  [TCX_EGRESS, "lo", { kind: "interface", name: "lo", attachType: 47 }],
  [CGROUP, "/sys/fs/cgroup/a", { kind: "cgroup", path: "/sys/fs/cgroup/a" }],
  [CGROUP, "relative", { kind: "cgroup", path: "relative" }],
  [LSM_CGROUP, "/c", { kind: "cgroup", path: "/c" }],
  [SK_LOOKUP, "", { kind: "netns", path: "/proc/thread-self/ns/net" }],
  [SK_LOOKUP, "/run/netns/blue", { kind: "netns", path: "/run/netns/blue" }],
  [
    NETFILTER,
    "ipv4:local_in:-128",
    { kind: "netfilter", family: 2, hook: 1, priority: -128 },
  ],
  [NETFILTER, "ipv6:postrouting:0", { kind: "netfilter", family: 10, hook: 4, priority: 0 }],
  [NETFILTER, "ipv6:output:7", { kind: "netfilter", family: 10, hook: 3, priority: 7 }],
  [
    NETFILTER,
    "ipv4:forward:2147483646",
    { kind: "netfilter", family: 2, hook: 2, priority: 2147483646 },
  ],
  [
    PERF,
    "software:cpu-clock@99",
    { kind: "perf-event", type: 1, config: 0n, frequency: 99n },
  ],
  [
    PERF,
    "hardware:cache-misses@1000:3",
    { kind: "perf-event", type: 0, config: 3n, frequency: 1000n, cpu: 3 },
  ],
  [
    PERF,
    "raw:0xffffffffffffffff@1",
    { kind: "perf-event", type: 4, config: 0xffffffffffffffffn, frequency: 1n },
  ],
  [SOCKET, "lo", { kind: "packet-socket", interface: "lo" }],
  [
    UPROBE,
    "/bin/bash:readline",
    { kind: "uprobe", binary: "/bin/bash", symbol: "readline", offset: 0n, onReturn: false },
  ],
  [
    UPROBE,
    "libc.so.6:malloc+0x10@7",
    {
      kind: "uprobe",
      binary: "libc.so.6",
      symbol: "malloc",
      offset: 16n,
      pid: 7,
      onReturn: false,
    },
  ],
  [
    UPROBE,
    "libc.so.6:memcpy@@GLIBC_2.14",
    {
      kind: "uprobe",
      binary: "libc.so.6",
      symbol: "memcpy@@GLIBC_2.14",
      offset: 0n,
      onReturn: false,
    },
  ],
  [
    UPROBE,
    "/a:b/c:f",
    { kind: "uprobe", binary: "/a:b/c", symbol: "f", offset: 0n, onReturn: false },
  ],
  [URETPROBE, "b:f", { kind: "uprobe", binary: "b", symbol: "f", offset: 0n, onReturn: true }],
  [MULTI, "b:**a**b***", {
    kind: "uprobe-multi",
    binary: "b",
    pattern: "**a**b***",
    onReturn: false,
  }],
  [subject(ProgramType.KPROBE, "kprobe.multi/*tcp_*_c?nnect*"), "", { kind: "section" }],
  [subject(ProgramType.KPROBE, "kprobe/a*b*c*d*e*"), "", { kind: "section" }],
  [MULTI, "b:f*", { kind: "uprobe-multi", binary: "b", pattern: "f*", onReturn: false }],
  [
    USDT,
    "/a:b:libc:setjmp@12",
    {
      kind: "usdt",
      binary: "/a:b",
      provider: "libc",
      name: "setjmp",
      pid: 12,
      onReturn: false,
    },
  ],
  [KPROBE, "", { kind: "section" }],
  [TRACEPOINT, "", { kind: "section" }],
  [TRACEPOINT, "sched/sched_switch", kernelPlace(5, "sched/sched_switch")],
  [RAW_TRACEPOINT, "sched_switch", kernelPlace(6, "sched_switch")],
  [KPROBE, "kprobe:do_unlinkat", kernelPlace(1, "do_unlinkat")],
  [KPROBE, "kprobe:do_unlinkat.isra.0+0x10", kernelPlace(1, "do_unlinkat.isra.0", 16n)],
  [UPROBE, "kretprobe:do_unlinkat", kernelPlace(2, "do_unlinkat")],
  [KPROBE, "ksyscall:openat", kernelPlace(3, "openat")],
  [KPROBE, "kretsyscall:openat", kernelPlace(4, "openat")],
  [KPROBE, "uprobe:/bin/x:main", uprobe("/bin/x", "main", { onReturn: false })],
  [KPROBE, "uretprobe:/bin/x:main", uprobe("/bin/x", "main", { onReturn: true })],
  [UPROBE, "uretprobe:/bin/x:main@7", uprobe("/bin/x", "main", { onReturn: true, pid: 7 })],
  [KPROBE, "usdt:/bin/x:p:n", {
    kind: "usdt",
    binary: "/bin/x",
    provider: "p",
    name: "n",
    onReturn: false,
  }],
  [ITERATOR, "", { kind: "section" }],
  [MAP_ITERATOR, "counts", { kind: "map-iterator", map: "counts" }],
  [STRUCT_OPS, "", { kind: "struct-ops" }],
  [STRUCT_OPS, "ops", { kind: "struct-ops", map: "ops" }],
];

for (const [program, target, plan] of UNDERSTOOD) {
  Deno.test(`parseAttachTarget() of ${program.section} understands "${target}"`, () => {
    assert.deepEqual(parseAttachTarget(program, target), plan);
  });
}

Deno.test("parseAttachTarget() takes a place from the section of a user-space probe", () => {
  const section = (name: string) => subject(ProgramType.KPROBE, name);
  assert.deepEqual(parseAttachTarget(section("uprobe//bin/x:main+4"), ""), {
    kind: "uprobe",
    binary: "/bin/x",
    symbol: "main",
    offset: 4n,
    onReturn: false,
  });
  assert.deepEqual(parseAttachTarget(section("uretprobe.multi.s/libc.so.6:str*"), ""), {
    kind: "uprobe-multi",
    binary: "libc.so.6",
    pattern: "str*",
    onReturn: true,
  });
  assert.deepEqual(parseAttachTarget(section("usdt/./x:p:n"), ""), {
    kind: "usdt",
    binary: "./x",
    provider: "p",
    name: "n",
    onReturn: false,
  });
});

const LONG = "x".repeat(5000);

const REFUSED: readonly (readonly [AttachSubject, string])[] = [
  ...["", ".", "..", "a/b", "a b", "a\n", "a:b", "sixteen-bytes-12", "üüüüüüüü", LONG, "a\0", "\0"]
    .map((target) => [XDP, target] as const),
  ...["", ":", "lo:", ":egress", "lo:EGRESS", "lo:egress:egress", "lo:\0"].map((target) =>
    [TC, target] as const
  ),
  ...["lo:egress", "", LONG].map((target) => [TCX_EGRESS, target] as const),
  ...["nk0:peer", "", LONG].map((target) => [NETKIT_PEER, target] as const),
  ...["", LONG, "/a\0b"].map((target) => [CGROUP, target] as const),
  ...[LONG, "\0"].map((target) => [SK_LOOKUP, target] as const),
  ...[
    "",
    "ipv4",
    "ipv4:local_in",
    "ipv4:local_in:",
    "ipv4:local_in:0:0",
    "ipv4:local_in: 0",
    "ipv4:local_in:1e3",
    "ipv4:local_in:+1",
    "ipv4:local_in:2147483647",
    "ipv4:local_in:-2147483648",
    `ipv4:local_in:${"9".repeat(5000)}`,
    "inet:local_in:0",
    "ipv4:ingress:0",
    "IPV4:local_in:0",
    "ipv4:local_in:0\n",
    "toString:constructor:0",
  ].map((target) => [NETFILTER, target] as const),
  ...[
    "",
    ":@",
    "software",
    "software:cpu-clock",
    "software:cpu-clock@",
    "software:cpu-clock@0",
    "software:cpu-clock@-1",
    "software:cpu-clock@1.5",
    "software:cpu-clock@99:",
    "software:cpu-clock@99:-1",
    "software:cpu-clock@99:65536",
    "software:cpu-clock@99:0:0",
    "software:cpu-clock@99999999999",
    "software:cpu-clock@99\n",
    "software:no-such@99",
    "software:18446744073709551616@99",
    "tracepoint:1@99",
    "breakpoint:1@99",
    "raw:cpu-cycles@99",
    `software:${LONG}@99`,
    "__proto__:x@99",
  ].map((target) => [PERF, target] as const),
  ...["", "a/b", LONG].map((target) => [SOCKET, target] as const),
  ...[
    "",
    ":",
    "b",
    "b:",
    ":f",
    "b:+1",
    "b:f+",
    "b:f+x",
    "b:f+-1",
    "b:f+99999999999999999999",
    "b:f@99999999999",
    "b:f\0",
    "b\0:f",
    `${LONG}:f`,
    `b:${LONG}`,
  ].map((target) => [UPROBE, target] as const),
  ...["b:f+1", "b:f+0x8@1"].map((target) => [URETPROBE, target] as const),
  ...["", "b", "b:", ":*", "b:@1", "b:*a*a*a*b"].map((target) => [MULTI, target] as const),
  ...["uprobe.multi/b:*a*a*a*", "kprobe.multi/*a*a*a*", "kretprobe.multi/*a*a*a*b@"]
    .map((section) => [subject(ProgramType.KPROBE, section), ""] as const),
  [subject(ProgramType.KPROBE, "kprobe.session/a*a*a*a*"), ""],
  ...["", "b", "b:p", "b:p:", "b::n", ":p:n"].map((target) => [USDT, target] as const),
  [subject(ProgramType.KPROBE, "uprobe//bin/x:main"), "/bin/y:main"],
  [subject(ProgramType.KPROBE, "uprobe//bin/x"), ""],
  [KPROBE, "do_unlinkat"],
  [TRACEPOINT, "lo"],
  [TRACEPOINT, "../x"],
  [TRACEPOINT, "a/b/c"],
  [TRACEPOINT, "sched/"],
  [RAW_TRACEPOINT, "sched/sched_switch"],
  [KPROBE, "kprobe:"],
  [KPROBE, "kprobe:a b"],
  [KPROBE, "kprobe:x+y"],
  [KPROBE, "kretprobe:x+1"],
  [KPROBE, `kprobe:${"x".repeat(512)}`],
  [KPROBE, "tracepoint:sched/sched_switch"],
  [KPROBE, "uprobe:main"],
  [KPROBE, "uprobe:/bin/x:main@0"],
  [KPROBE, "uretprobe:/bin/x:main+1"],
  [ITERATOR, "counts"],
  [MAP_ITERATOR, ""],
  [subject(ProgramType.XDP, "xdp/devmap", AttachType.XDP_DEVMAP), "lo"],
  [subject(ProgramType.SCHED_CLS, "netkit/primary", 54), "lo:peer"],
];

Deno.test("parseAttachTarget() refuses what a type does not understand, and shows the form", () => {
  for (const [program, target] of REFUSED) {
    const what = `${program.section} ${JSON.stringify(target.slice(0, 60))}`;
    try {
      parseAttachTarget(program, target);
    } catch (error) {
      assert.ok(error instanceof TargetSyntaxError, what);
      assert.ok(error.hint.length > 20, what);
      assert.ok(error.message.length < 200, what);
      continue;
    }
    assert.fail(`understood: ${what}`);
  }
});

Deno.test("parseAttachTarget() returns a plan or throws TargetSyntaxError for any text", () => {
  const programs = [...new Set([...UNDERSTOOD, ...REFUSED].map(([program]) => program))];
  const parts = ["", ":", "@", "+", "-", "/", "\0", "\n", "é", "99", "0x", "ipv4", "lo", "\ud800"];
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 20_000; round++) {
    const target = Array.from({ length: random(8) }, () => parts[random(parts.length)]).join("");
    const program = programs[random(programs.length)] ?? XDP;
    try {
      assert.doesNotMatch(JSON.stringify(parseAttachTarget(program, target), noBigInts), /\\u0000/);
    } catch (error) {
      assert.ok(error instanceof TargetSyntaxError, `${program.section} ${JSON.stringify(target)}`);
    }
  }
});

function noBigInts(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
