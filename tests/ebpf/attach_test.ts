/** Every attach target: attached, seen firing, and removed afterwards. */
import assert from "node:assert/strict";
import { act, ACTOR, NetworkNamespace, succeed } from "../support/actor.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { heldBy, untilGone } from "../support/held.ts";
import { assertRefused, call, fires, GUEST, packets } from "../support/attached_guest.ts";

for (
  const [program, target] of [
    ["on_xdp", "lo"],
    ["on_xdp_frags", "lo"],
    ["on_tc", "lo"],
    ["on_tc", "lo:egress"],
    ["on_classifier", "lo"],
    ["on_tc_ingress", "lo"],
    ["on_tcx_ingress", "lo"],
    ["on_tcx_egress", "lo"],
    ["on_netfilter", "ipv4:local_in:-128"],
    ["on_netfilter", "ipv4:output:7"],
    ["on_sk_lookup", "-"],
    ["on_sk_lookup", ""],
  ] as const
) {
  Deno.test(`attach ${program} to "${target}" counts packets`, async () => {
    await fires("net", { attach: [[program, target]], action: packets, ownNetwork: true });
  });
}

Deno.test("attach of a socket filter opens a packet socket that goes with the link", async () => {
  await fires("net", {
    attach: [["on_socket_filter", "lo"]],
    action: packets,
    ownNetwork: true,
    links: 0,
  });
});

Deno.test("attach of a flow dissector handles packets of the network namespace", async () => {
  await fires("net", {
    attach: [["on_flow_dissector", ""], ["dissect", "lo"]],
    action: packets,
    ownNetwork: true,
  });
});

Deno.test("attach on_sk_lookup to another network namespace by its path", async () => {
  await using namespace = await NetworkNamespace.create();
  await fires("net", {
    attach: [["on_sk_lookup", namespace.path]],
    action: () => act(["packets"], { netns: namespace.pid }),
  });
});

Deno.test("attach refuses a second flow dissector in a network namespace", async () => {
  await using namespace = await NetworkNamespace.create();
  const target = ["on_flow_dissector", namespace.path];
  await using first = new CliProcess([...GUEST, "net", ...target]);
  await first.waitFor(/^attached$/m);
  await assertRefused(
    "net",
    ["on_flow_dissector", namespace.path],
    -7,
    /has a program of this kind/,
  );
});

Deno.test("attach allows two classifiers on one interface, and one XDP program", async () => {
  await using namespace = await NetworkNamespace.create();
  const through = ["nsenter", "-t", `${namespace.pid}`, "-n", "--"];
  const attach = ["on_tcx_ingress", "lo", "on_tc", "lo", "on_xdp", "lo"];
  await using first = new CliProcess([...GUEST, "net", ...attach], { through });
  await first.waitFor(/^attached$/m);
  const { stdout, stderr } = await runCli([...GUEST, "net", "on_xdp_frags", "lo"], { through });
  assert.match(stdout, /^on_xdp_frags -16$/m);
  assert.match(stderr, /EBUSY.*\nhint: the interface has an XDP program already/);
});

/* ---- cgroups --------------------------------------------------------------------------------- */

for (
  const program of [
    ...["sockops", "skb_ingress", "skb_egress", "skb", "sock", "sock_create", "sock_release"],
    ...["post_bind4", "post_bind6", "bind4", "bind6", "connect4", "connect6", "connect_unix"],
    ...["sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6", "getpeername4", "getpeername6"],
    ...["getsockname4", "getsockname6", "sysctl", "getsockopt", "setsockopt", "device"],
  ]
) {
  Deno.test(`attach of cgroup program on_${program} counts the cgroup's operations`, async () => {
    await using cgroup = await TestCgroup.create();
    await using namespace = await NetworkNamespace.create();
    await fires(program === "connect_unix" ? "cgroup_unix" : "cgroup", {
      attach: [[`on_${program}`, cgroup.path]],
      action: () => act(["--cgroup", cgroup.path, "sockets"], { netns: namespace.pid }),
    });
  });
}

for (
  const [program, target] of [
    ["on_uprobe", `${ACTOR}:wasm_bpf_test_function`],
    ["on_uprobe", `${ACTOR}:wasm_bpf_test_function+0x0`],
    ["on_uprobe_sleepable", `${ACTOR}:wasm_bpf_test_function`],
    ["on_uretprobe", `${ACTOR}:wasm_bpf_test_function`],
    ["on_uprobe_multi", `${ACTOR}:wasm_bpf_test_*`],
    ["on_uretprobe_multi", `${ACTOR}:wasm_bpf_test_funct?on`],
    ["on_uprobe_session", `${ACTOR}:wasm_bpf_test_*`],
    ["on_usdt", `${ACTOR}:wasm_bpf_test:called`],
    // Counts only if the probe's third argument is right.
    ["usdt_argument", `${ACTOR}:wasm_bpf_test:called`],
    ["on_uprobe", "libc.so.6:getpgid"],
    // Its section is uprobe/libc.so.6:getpgid.
    ["on_uprobe_libc", "-"],
  ] as const
) {
  const place = target.replace(/^.*\/dist\//, "");
  Deno.test(`attach ${program} to "${place}" counts calls`, async () => {
    await fires("trace", { attach: [[program, target]], action: call });
  });
}

Deno.test("attach of a uprobe to one process ignores calls of others", async () => {
  // It calls once its input ends.
  const traced = new Deno.Command(ACTOR, { args: ["wait", "call"], stdin: "piped", stdout: "null" })
    .spawn();
  const target = `${ACTOR}:wasm_bpf_test_function@${traced.pid}`;
  await using guest = new CliProcess([...GUEST, "trace", "on_uprobe", target]);
  await guest.waitFor(/^attached$/m).finally(() => traced.stdin.close());
  await call();
  assert.equal((await traced.status).code, 0);
  await guest.waitFor(/^count/m);
  guest.kill("SIGINT");
  const counts = (await guest.result()).stdout.match(/^count \d+$/mg);
  assert.deepEqual(counts, ["count 1"]);
});

/* ---- kernel targets -------------------------------------------------------------------------- */

for (const program of ["on_tp", "on_raw_tp", "on_tp_btf"]) {
  Deno.test(`attach ${program} counts its events`, async () => {
    await fires("trace", { attach: [[program, "-"]], action: call });
  });
}

/** Counts processors that are online: a limit of processor time makes others seem absent to Deno. */
function processors(): number {
  const ranges = Deno.readTextFileSync("/sys/devices/system/cpu/online").trim().split(",");
  return ranges.map((range) => range.split("-").map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

for (
  const [target, links] of [
    ["software:cpu-clock@99", processors()],
    ["software:cpu-clock@99:0", 1],
    ["software:page-faults@1000:0", 1],
  ] as const
) {
  Deno.test(`attach of a perf_event program to "${target}" fires`, async () => {
    await fires("trace", { attach: [["on_perf_event", target]], action: call, links });
  });
}

for (const [program, target] of [["iter_task", "-"], ["iter_map", "counts"]] as const) {
  Deno.test(`attach of iterator ${program} makes a link`, async () => {
    await using guest = new CliProcess([...GUEST, "trace", program, target]);
    await guest.waitFor(/^attached$/m);
    assert.equal((await heldBy(guest.pid)).link.length, 1);
  });
}

/* ---- the end --------------------------------------------------------------------------------- */

Deno.test("the kernel detaches everything when the guest is killed", async () => {
  await using cgroup = await TestCgroup.create();
  await using namespace = await NetworkNamespace.create();
  const through = ["nsenter", "-t", `${namespace.pid}`, "-n", "--"];
  const net = ["on_xdp", "on_tc", "on_socket_filter"].flatMap((program) => [program, "lo"]);
  const hooks = ["on_netfilter", "ipv6:prerouting:1", "on_sk_lookup", ""];
  const probes = ["on_uprobe", `${ACTOR}:wasm_bpf_test_function`, "on_perf_event"];
  await using first = new CliProcess([...GUEST, "net", ...net, ...hooks], { through });
  await using second = new CliProcess([...GUEST, "cgroup", "on_sockops", cgroup.path]);
  await using third = new CliProcess([...GUEST, "trace", ...probes, "software:cpu-clock@10"]);
  for (const guest of [first, second, third]) {
    await guest.waitFor(/^attached$/m);
    const held = await heldBy(guest.pid);
    assert.ok(held.prog.length > 1 && held.link.length > 0);
    guest.kill("SIGKILL");
    await guest.result();
    await untilGone(held);
  }
  const enter = ["-t", `${namespace.pid}`, "-n", "--"];
  const links = await succeed("nsenter", ...enter, "ip", "-details", "link", "show", "lo");
  assert.match(links, /\blo: /);
  assert.doesNotMatch(links, /xdp/);
});
