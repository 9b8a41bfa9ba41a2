/** Attachments that are refused, with the reason, and places that a guest names. Needs root. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { withTimeouts } from "../support/brief.ts";
import { cgroupRoot } from "../support/cgroup.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { MOUNT_TRACEFS, privateMounts, UNMOUNT_TRACEFS } from "../support/mounts.ts";
import { assertRefused, GUEST, refused } from "../support/attached_guest.ts";

/* ---- refused targets ------------------------------------------------------------------------- */

for (
  const [object, program, target, answer, words] of [
    ["net", "on_xdp", "-", -22, /hint: .*network interface/],
    ["net", "on_xdp", "no-such-if0", -19, /ENODEV \(no such interface/],
    ["net", "on_xdp", "../lo", -22, /not a valid interface name/],
    ["net", "on_xdp_devmap", "lo", -22, /hint: .*"xdp"/],
    ["net", "on_tc", "lo:sideways", -22, /hint: .*eth0:egress/],
    ["net", "on_socket_filter", "no-such-if0", -19, /ENODEV/],
    ["net", "on_netfilter", "local_in", -22, /hint: .*FAMILY:HOOK:PRIORITY/],
    ["net", "on_netfilter", "ipv4:local_in:x", -22, /priority is not a number/],
    ["net", "on_sk_lookup", "/proc/self/ns/mnt", -2, /no such network namespace/],
    ["net", "on_sk_lookup", "/etc/passwd", -2, /no such network namespace/],
    ["net", "on_sk_lookup", "/no/such", -2, /no such network namespace/],
    ["net", "on_sk_msg", "-", -95, /hint: .*take no target/],
    ["net", "on_sk_msg", "lo", -22, /takes no target/],
    ["cgroup", "on_sockops", "-", -22, /hint: .*directory on cgroup2/],
    ["cgroup", "on_sockops", "/no/such", -2, /no such cgroup2 directory/],
    ["cgroup", "on_sockops", "/etc", -2, /no such cgroup2 directory/],
    ["cgroup", "on_sockops", "/etc/passwd", -2, /no such cgroup2 directory/],
    ["trace", "on_tp", "lo", -22, /hint: .*CATEGORY\/NAME/],
    ["trace", "on_no_such_tp", "-", -2, /ENOENT/],
    ["trace", "on_no_such_raw_tp", "-", -2, /ENOENT/],
    ["trace", "iter_map", "-", -22, /hint: .*own maps/],
    ["trace", "iter_map", "no_such_map", -2, /no map of that name/],
    ["trace", "iter_task", "counts", -22, /takes no target/],
    ["trace", "on_uprobe", "-", -22, /hint: .*BINARY:SYMBOL/],
    ["trace", "on_uprobe", "/no/such:main", -2, /no such ELF file/],
    ["trace", "on_uprobe", "/etc/passwd:main", -2, /no such ELF file/],
    ["trace", "on_uprobe", "/proc/self/maps:main", -2, /no such ELF file/],
    ["trace", "on_uprobe", `${ACTOR}:no_such_function`, -2, /no such function/],
    ["trace", "on_uprobe", `${ACTOR}:main@2147483647`, -3, /ESRCH/],
    ["trace", "on_uretprobe", `${ACTOR}:main+4`, -22, /hint: .*BINARY:SYMBOL/],
    ["trace", "on_uprobe_libc", `${ACTOR}:main`, -22, /names the place already/],
    ["trace", "on_uprobe_device", "-", -2, /no such ELF file/],
    ["trace", "on_usdt", `${ACTOR}:wasm_bpf_test:no_such`, -2, /no such probe/],
    ["trace", "on_usdt", `${ACTOR}:main`, -22, /hint: .*BINARY:PROVIDER:NAME/],
    ["trace", "on_perf_event", "-", -22, /hint: .*TYPE:CONFIG@FREQUENCY/],
    ["trace", "on_perf_event", "software:no-such@99", -22, /cpu-clock, task-clock/],
    ["trace", "on_perf_event", "software:cpu-clock@99:65535", -19, /no such CPU/],
    ["trace", "on_perf_event", "software:cpu-clock@2000000000", -22, /max_sample_rate/],
  ] as const
) {
  const place = target.replace(/^.*\/dist\//, "");
  Deno.test(`attach ${program} to "${place}" returns ${answer}`, async () => {
    await assertRefused(object, [program, target], answer, words);
  });
}

Deno.test("attach of a cgroup program refuses a directory of cgroup version 1", async () => {
  const mounts = await Deno.readTextFile("/proc/mounts");
  const old = /^\S+ (\S+) cgroup /m.exec(mounts)?.[1];
  // Without cgroup version 1, the parent directory is as wrong.
  const target = old ?? `${await cgroupRoot()}/..`;
  await assertRefused("cgroup", ["on_sockops", target], -2, /no such cgroup2 directory/);
});

Deno.test("attach refuses a FIFO and a device that a guest names, without opening them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const fifo = `${folder}/fifo`;
    const { success } = await new Deno.Command("mkfifo", { args: [fifo] }).output();
    assert.ok(success);
    await assertRefused("trace", ["on_uprobe", `${fifo}:main`], -2, /no such ELF file/);
    await assertRefused("cgroup", ["on_sockops", fifo], -2, /no such cgroup2 directory/);
    await assertRefused("net", ["on_sk_lookup", fifo], -2, /no such network namespace/);
    const through = [
      "strace",
      "-f",
      "-qq",
      "-e",
      "trace=open,openat,openat2",
      "-o",
      `${folder}/calls`,
    ];
    const args = [...GUEST, "trace", "on_uprobe_device", "-"];
    await runCli(args, { through });
    const calls = await Deno.readTextFile(`${folder}/calls`);
    const opened = calls.split("\n").filter((line) => line.includes('"/dev/zero"'));
    assert.equal(opened.length, 1);
    assert.match(opened[0] ?? "", /O_PATH/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("attach by a bare name reports a script as missing", async () => {
  const answers = await Promise.all(["ldd", "no-such-program"].map(async (name) => {
    const { stdout, stderr } = await refused("trace", ["on_uprobe", `${name}:main`]);
    return [stdout, stderr.replaceAll(name, "NAME")];
  }));
  assert.ok((await Deno.readTextFile("/usr/bin/ldd")).startsWith("#!"));
  assert.match(answers[0]?.[1] ?? "", /no such ELF file/);
  assert.deepEqual(answers[0], answers[1]);
});

Deno.test("attach to a binary reads it without mmap, since it may be truncated meanwhile", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const through = ["strace", "-f", "-qq", "-y", "-e", "trace=mmap", "-o", `${folder}/calls`];
    await withTimeouts(async (timeoutMs) => {
      const { stdout } = await runCli([
        ...["--timeout", `${timeoutMs}ms`, guestPath("attach"), "trace"],
        ...["on_uprobe", `${ACTOR}:wasm_bpf_test_function`],
        ...["on_usdt", `${ACTOR}:wasm_bpf_test:called`],
      ], { through });
      assert.match(stdout, /^on_uprobe 0\non_usdt 0\n/);
    });
    const calls = await Deno.readTextFile(`${folder}/calls`);
    assert.ok(calls.includes("libc.so.6"));
    assert.deepEqual(calls.split("\n").filter((line) => line.includes(ACTOR)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [place, mount] of [["mounted", MOUNT_TRACEFS], ["not mounted", UNMOUNT_TRACEFS]] as const
) {
  Deno.test(`attach of a tracepoint opens no other file by its section, tracefs ${place}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const programs = ["out", "out_at_once", "absolute", "three_parts", "one_part", "no_name"];
      const strace = `strace -f -qq -e trace=%file -o ${folder}/calls`;
      const through = [
        ...privateMounts("/sys"),
        ...["/bin/sh", "-c", `${mount}; exec ${strace} "$@"`, "sh"],
      ];
      const targets = programs.flatMap((name) => [`on_${name}`, "-"]);
      const { stdout, stderr } = await runCli([...GUEST, "paths", ...targets], { through });
      assert.equal(
        stdout,
        programs.map((name) => `on_${name} -22\n`).join("") + "close 0\n",
        stderr,
      );
      assert.match(stderr, /the section names no tracepoint/);
      const calls = await Deno.readTextFile(`${folder}/calls`);
      assert.ok(calls.includes("btf/vmlinux"));
      assert.doesNotMatch(calls, /wasm-bpf-trap|events\/sched/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
