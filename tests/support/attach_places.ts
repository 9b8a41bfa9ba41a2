/** Places of every kind that programs are attached to. */
import type { AttachWord, Permissions } from "../../ebpf/mod.ts";
import { ACTOR } from "./actor.ts";
import { attachCode, AttachRig } from "./attach_rig.ts";
import { cgroupRoot } from "./cgroup.ts";

/** Where cgroup2 is mounted. */
export const CGROUP = await cgroupRoot();

/** A program, its target, a word for its place, and one for another place of the same kind. */
export type Place = readonly [
  object: string,
  program: string,
  target: string,
  word: AttachWord,
  other: AttachWord,
];

/** Every kind of place. */
export const PLACES: readonly Place[] = [
  ["net", "on_xdp", "lo", "iface:lo", "iface:no-such"],
  ["net", "on_xdp", "lo", "xdp:l*", "tc:lo"],
  ["net", "on_tc", "lo:egress", "tc:lo", "xdp:lo"],
  ["net", "on_tcx_ingress", "lo", "iface", "netkit"],
  ["net", "on_socket_filter", "lo", "socket:lo", "tc"],
  ["net", "on_netfilter", "ipv4:local_in:-128", "netfilter:ipv4:input", "netfilter:ipv6"],
  ["net", "on_netfilter", "ipv4:local_in:7", "netfilter:*:local_in:7", "netfilter:ipv4:forward"],
  ["net", "on_sk_lookup", "", "netns:/proc/self/ns/net", "netns:/proc/self/ns/no-such"],
  ["cgroup", "count", CGROUP, `cgroup:${CGROUP}`, "cgroup:/no-such"],
  ["trace", "on_tp", "", "tp:sched/*", "tp:syscalls/*"],
  ["trace", "on_tp", "sched/sched_switch", "tp:sched/sched_switch", "tp:sched/sched_waking"],
  ["trace", "on_raw_tp", "", "raw_tp:sched_process_*", "raw_tp:sched_switch"],
  ["trace", "on_raw_tp", "sched_switch", "raw_tp:sched_switch", "raw_tp:sched_process_exec"],
  ["trace", "on_tp_btf", "", "tp_btf:sched_process_exec", "tp_btf:sched_switch"],
  [
    "trace",
    "on_perf_event",
    "software:cpu-clock@9",
    "perf_event:software:cpu-clock",
    "perf_event:hardware",
  ],
  [
    "trace",
    "on_uprobe",
    "libc.so.6:getpgid",
    "uprobe:libc.so.6:getpgid",
    "uprobe:libc.so.6:malloc",
  ],
  ["trace", "on_uretprobe", "libc.so.6:getpgid", "uprobe:libc.so.6", "uprobe:/usr/bin/bash"],
  [
    "trace",
    "on_uprobe_multi",
    "libc.so.6:getpg*",
    "uprobe:libc.so.6:getp*",
    "uprobe:libc.so.6:getpgid",
  ],
  [
    "trace",
    "on_usdt",
    `${ACTOR}:wasm_bpf_test:called`,
    `usdt:${ACTOR}:wasm_bpf_test:called`,
    `usdt:${ACTOR}:other`,
  ],
  [
    "trace",
    "on_usdt",
    `${ACTOR}:wasm_bpf_test:called`,
    `usdt:${ACTOR}:wasm_bpf_test`,
    `uprobe:/usr/bin/true`,
  ],
  ["trace", "iter_task", "", "iter:task", "iter:bpf_map_elem"],
  ["trace", "iter_map", "counts", "iter:bpf_map_elem", "iter:task"],
  ["struct_ops", "", "with_link", "struct_ops:tcp", "struct_ops:sched_ext"],
];

/** Attaches to a place: "attached", or the code of the error. */
export function placeCode(place: Place, permissions: Permissions): string {
  const [object, program, target] = place;
  if (object !== "struct_ops") return attachCode(object, program, target, permissions);
  using rig = new AttachRig(object, "ssthresh", permissions);
  for (const name of rig.object.programNames) rig.object.configure(name, 1, 1);
  const result = rig.attach(target);
  return result === "attached" ? result : result.code;
}
