/** Attempts to attach to places that are not granted. */
import type { AttachWord } from "../../../ebpf/mod.ts";
import { ACTOR } from "../actor.ts";
import { CGROUP, placeCode, PLACES } from "../attach_places.ts";
import { attachCode, kprobeResult } from "../attach_rig.ts";
import { type Attempts, LIBC } from "./attempt.ts";

const attempts: Attempts = new Map();

for (const place of PLACES) {
  const [object, program, target, word, other] = place;
  const name = `attach ${object} ${program} to "${target}"`;
  attempts.set(
    `${name}, allowed ${other}`,
    () => placeCode(place, { allowAttach: [other] }) === "attached",
  );
  attempts.set(
    `${name}, denied ${word}`,
    () => placeCode(place, { denyAttach: [word] }) === "attached",
  );
}

const denied = (object: string, program: string, target: string, ...words: AttachWord[]) =>
  attempts.set(
    `attach ${program} to "${target}", denied ${words}`,
    () => attachCode(object, program, target, { denyAttach: words }) === "attached",
  );

denied("trace", "on_raw_tp", "", "tp:sched/*");
denied("trace", "on_tp_btf", "", "tp:sched/sched_process_exec");
denied("trace", "on_tp", "", "raw_tp:sched_process_exec");
denied("trace", "on_usdt", `${ACTOR}:wasm_bpf_test:called`, `uprobe:${ACTOR}`);
denied("trace", "on_uprobe", "libc.so.6:__libc_malloc", "uprobe:libc.so.6:malloc");
denied("trace", "on_uprobe_multi", "libc.so.6:__libc_m*c", "uprobe:libc.so.6:malloc");
denied("trace", "on_uprobe", "uprobe:libc.so.6:getpgid", "uprobe:libc.so.6:getpgid");
denied(
  "trace",
  "on_uprobe",
  "/proc/1/root/lib/x86_64-linux-gnu/libc.so.6:getpgid",
  "uprobe:libc.so.6",
);
denied("trace", "on_uprobe", `/proc/${Deno.pid}/root${LIBC}:getpgid`, "uprobe:libc.so.6");
denied("trace", "on_uprobe", `/proc/self/fd/../root${LIBC}:getpgid`, `uprobe:${LIBC}:getpgid`);
denied("trace", "on_raw_tp", "sched_switch", "tp:sched/sched_sw?tch");
denied(
  "net",
  "on_sk_lookup",
  `/proc/${Deno.pid}/task/${Deno.pid}/ns/net`,
  "netns:/proc/self/ns/net",
);
denied("net", "on_sk_lookup", "/proc/self/ns/net", "netns:/proc/thread-self/ns/net");
denied("cgroup", "count", `${CGROUP}/.`, `cgroup:${CGROUP}`);

for (
  const [program, target] of [
    ["on_uprobe", "libc.so.6:getpgid"],
    ["on_uretprobe", "libc.so.6:getpgid"],
    ["on_usdt", `${ACTOR}:wasm_bpf_test:called`],
  ] as const
) {
  attempts.set(
    `see arguments of a process by ${program} without inspect`,
    () => attachCode("trace", program, target, { denyBpf: ["inspect"] }) === "attached",
  );
}

for (
  const [object, program, target, ...words] of [
    // A pattern that a word with other wildcards seems to cover.
    ["kprobe_multi", "on_kprobe_multi", "", "kprobe:do_nanosle??"],
    ["kprobe_multi", "on_kprobe_multi", "", "kprobe:do_nanosle[*]"],
    ["trace", "on_perf_event", "software:cpu-clock@9", "perf_event:software:task-clock"],
    ["trace", "on_uprobe_multi", "libc.so.6:*", "uprobe:libc.so.6:get*"],
  ] as const
) {
  attempts.set(
    `attach ${program} to "${target}", allowed only ${words}`,
    () => attachCode(object, program, target, { allowAttach: words }) === "attached",
  );
}
for (
  const [name, offset, permissions] of [
    ["do_nanosleep", 1n << 20n, { allowAttach: ["kprobe:do_nanosleep"] }],
    ["security_file_open", 0n, { denyAttach: ["lsm:file_open"] }],
    ["bpf_lsm_file_open", 0n, { denyAttach: ["lsm"] }],
  ] as const
) {
  // Kernels without kprobes attach none; attach_permissions_test.ts has what the rules do there.
  attempts.set(
    `attach a kprobe to ${name}+${offset}`,
    () => kprobeResult(name, offset, permissions) === "attached",
  );
}
attempts.set(
  "raise the frequency of a perf event",
  () =>
    attachCode("trace", "on_perf_event", "software:cpu-clock@100", { maxFrequency: 99 }) ===
      "attached",
);

/** Attempts to attach to what is not granted. */
export const PLACE_ATTEMPTS: Attempts = attempts;
