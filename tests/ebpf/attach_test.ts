/** Every attach target: attached, seen firing, and removed afterwards. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { act, ACTOR, IN_OWN_NETWORK, NetworkNamespace, succeed } from "../support/actor.ts";
import { withTimeouts } from "../support/brief.ts";
import { cgroupRoot, TestCgroup } from "../support/cgroup.ts";
import { CliProcess, type CliResult, guestPath, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { heldBy, untilGone } from "../support/held.ts";
import { fromFileUrl } from "../support/paths.ts";
import { MOUNT_TRACEFS, privateMounts, privateRoot, UNMOUNT_TRACEFS } from "../support/mounts.ts";

/** Arguments of the guest, with a time limit. */
const GUEST = ["--timeout", "120s", guestPath("attach")];

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
kernel.version();

/** Program of an object of `tests/guests/attach`, and its target ("-": a null pointer). */
type Attachment = readonly [program: string, target: string];

/** Firing of attached programs. */
interface Firing {
  attach: Attachment[];
  /** Repeated until the counter has moved. */
  action: (guest: CliProcess) => Promise<void>;
  /** Number of links that must exist; default: one for each program. */
  links?: number;
  /** Runs the guest in a network namespace of its own. */
  ownNetwork?: boolean;
}

/** Attaches, and checks that the counter moves and that everything is removed at the end. */
async function fires(object: string, firing: Firing): Promise<void> {
  const args = [...GUEST, object, ...firing.attach.flat()];
  await using guest = new CliProcess(args, firing.ownNetwork ? { through: IN_OWN_NETWORK } : {});
  await guest.waitFor(/^attached$/m);
  const held = await heldBy(guest.pid);
  assert.equal(held.link.length, firing.links ?? firing.attach.length);
  await until("the program has run", async () => {
    await firing.action(guest);
    return /^count [1-9]/m.test(guest.stdout);
  });
  guest.kill("SIGINT");
  const { code, stdout, stderr } = await guest.result();
  assert.match(stdout, /^close 0$/m);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  await untilGone(held);
}

/** Attaches one program that must be refused; the guest continues and ends by itself. */
async function refused(object: string, attachment: Attachment): Promise<CliResult> {
  const result = await runCli([...GUEST, object, ...attachment]);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** Asserts the result and the error of attaching to a target. */
async function assertRefused(
  object: string,
  attachment: Attachment,
  answer: number,
  words: RegExp,
): Promise<void> {
  const { stdout, stderr } = await refused(object, attachment);
  assert.equal(stdout, `${attachment[0]} ${answer}\nclose 0\n`, stderr);
  assert.match(stderr, /^error: Cannot attach program /);
  assert.match(stderr, words);
}

/* ---- packets: in a separate network namespace, through lo ------------------------------------ */

const packets = (guest: CliProcess) => act(["packets"], { netns: guest.pid });

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

/* ---- code in user space ---------------------------------------------------------------------- */

const call = () => act(["call"]);

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

/* ---- netkit: this kernel may lack it --------------------------------------------------------- */

const NETKIT = fromFileUrl("../../dist/tests/netkit");
await succeed(
  ...["clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o"] as const,
  ...[`${NETKIT}.${Deno.pid}`, fromFileUrl("../programs/netkit.c")],
);
await Deno.rename(`${NETKIT}.${Deno.pid}`, NETKIT);

for (const program of ["on_netkit_primary", "on_netkit_peer"]) {
  Deno.test(`attach ${program} counts packets of its end, or names the option`, async () => {
    await using namespace = await NetworkNamespace.create();
    const through = ["nsenter", "-t", `${namespace.pid}`, "-n", "--"];
    const act = (...args: string[]) => succeed("nsenter", ...through.slice(1), NETKIT, ...args);
    const args = [...GUEST, "netkit", program];
    if (kernel.hasOption("CONFIG_NETKIT") !== true) {
      const { stdout, stderr } = await runCli([...args, "lo"], { through });
      assert.match(stdout, new RegExp(`^${program} -\\d+$`, "m"));
      assert.match(stderr, /CONFIG_NETKIT|netkit links need Linux 6\.7/);
      return;
    }
    await act("create", "nk0", "nk1");
    for (
      const [name, answer, words] of [["lo", -6, /not a netkit/], ["nk1", -13, /peer/]] as const
    ) {
      const { stdout, stderr } = await runCli([...args, name], { through });
      assert.match(stdout, new RegExp(`^${program} ${answer}$`, "m"));
      assert.match(stderr, words);
    }
    await using guest = new CliProcess([...args, "nk0"], { through });
    await guest.waitFor(/^attached$/m);
    await until("the program has run", async () => {
      await act("send", program === "on_netkit_peer" ? "nk1" : "nk0");
      return /^count [1-9]/m.test(guest.stdout);
    });
  });
}

/* ---- values in the kernel's configuration ---------------------------------------------------- */

/** Returns a command that runs another where `script` makes the only kernel configuration. */
function withConfiguration(script: string): string[] {
  const hide = [
    // Opening it fails: no such driver exists.
    "mknod /dev/shm/none c 240 99",
    "{ [ ! -e /proc/config.gz ] || mount --bind /dev/shm/none /proc/config.gz; }",
    "mount -t tmpfs none /boot",
    "mkdir -p /dev/shm/upper /dev/shm/work",
    "mount -t overlay -o lowerdir=/usr/lib,upperdir=/dev/shm/upper,workdir=/dev/shm/work none /usr/lib",
    "mkdir -p /usr/lib/modules/$(uname -r)",
    script,
    'exec "$@"',
  ];
  return [...privateRoot(), hide.join(" && "), "sh"];
}

Deno.test("load reads the configuration from the directory of kernel modules", async () => {
  const through = withConfiguration('echo CONFIG_HZ=4711 > "/lib/modules/$(uname -r)/config"');
  const args = [...GUEST, "kconfig", "on_config", "-"];
  await using guest = new CliProcess(args, { through });
  await guest.waitFor(/^attached$/m);
  await until("the program has run", async () => {
    await act(["call"]);
    return /^count [1-9]/m.test(guest.stdout);
  });
});

Deno.test("load lists the places of the kernel configuration when it is missing", async () => {
  const args = [...GUEST, "kconfig", "on_config", "-"];
  const { stdout, stderr } = await runCli(args, { through: withConfiguration("true") });
  assert.equal(stdout, "load failed\n", stderr);
  assert.match(stderr, /no file has the kernel's configuration/);
  assert.match(stderr, /hint: .*\/lib\/modules\/RELEASE\/config/);
});

Deno.test("attach of kprobe.multi names its option when no configuration file exists", async () => {
  for (const mount of [MOUNT_TRACEFS, UNMOUNT_TRACEFS]) {
    const through = withConfiguration(mount);
    const args = [...GUEST, "kprobe_multi", "on_kprobe_multi", "-"];
    await using guest = new CliProcess(args, { through });
    const [, answer] = await guest.waitFor(/^on_kprobe_multi (-?\d+)$/m);
    if (answer === "0") continue;
    assert.match((await guest.result()).stderr, /hint: .*CONFIG_FPROBE/);
  }
});

/* ---- features that this kernel may lack: then the error names the option --------------------- */

const KPROBE_NEEDS = /CONFIG_KPROBES/;

/** Sleeps a little, which the kprobes count. */
const sleep = async () => {
  // time: the sleep itself is the event.
  await new Deno.Command("sleep", { args: ["0.01"] }).output();
};

for (const program of ["on_kprobe", "on_kretprobe", "on_ksyscall"]) {
  Deno.test(`attach ${program} fires, or names the option that the kernel lacks`, async () => {
    if (kernel.hasEventSource("kprobe")) {
      await fires("kprobe", { attach: [[program, "-"]], action: sleep });
    } else {
      await assertRefused("kprobe", [program, "-"], -2, KPROBE_NEEDS);
    }
  });
}

Deno.test("attach of a kprobe reports a missing function when the kernel has kprobes", async () => {
  const words = kernel.hasEventSource("kprobe") ? /no function of that name/ : KPROBE_NEEDS;
  await assertRefused("kprobe", ["on_no_such_kprobe", "-"], -2, words);
});

Deno.test("attach of kprobe.multi fires, or names the missing option", async () => {
  if (kernel.hasOption("CONFIG_FPROBE") && kernel.hasTracefs()) {
    await fires("kprobe_multi", { attach: [["on_kprobe_multi", "-"]], action: sleep });
  } else {
    const words = kernel.hasOption("CONFIG_FPROBE") ? /mount -t tracefs/ : /CONFIG_FPROBE/;
    await assertRefused("kprobe_multi", ["on_kprobe_multi", "-"], -2, words);
  }
});

for (
  const [name, words] of [
    ["fentry", /CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS/],
    ["fexit", /CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS/],
    ["lsm", /CONFIG_BPF_LSM.*lsm=/],
    ["fsession", /Linux 7\.0 or newer|CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS/],
  ] as const
) {
  Deno.test(`load of an ${name} program works and fires, or names the missing kernel feature`, async () => {
    const { stdout, stderr } = await runCli([...GUEST, name]);
    if (stdout.startsWith("load failed")) {
      assert.match(stderr, new RegExp(`^error: Cannot load program "on_${name}": E`));
      assert.match(stderr, words);
    } else {
      await fires(name, { attach: [[`on_${name}`, "-"]], action: sleep });
    }
  });
}
