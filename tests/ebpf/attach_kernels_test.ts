/** Attach targets that depend on the kernel's configuration: netkit, kprobes. Needs root. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { act, NetworkNamespace, succeed } from "../support/actor.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { MOUNT_TRACEFS, privateMounts, privateRoot, UNMOUNT_TRACEFS } from "../support/mounts.ts";
import { assertRefused, fires, GUEST } from "../support/attached_guest.ts";

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

for (const [place, mount] of [["mounted", MOUNT_TRACEFS], ["absent", UNMOUNT_TRACEFS]] as const) {
  Deno.test(`attach of kprobe.multi fires, or names what is missing, tracefs ${place}`, async () => {
    const through = [...privateMounts("/sys"), "/bin/sh", "-c", `${mount}; exec "$@"`, "sh"];
    const isBuilt = kernel.hasOption("CONFIG_FPROBE") === true;
    if (isBuilt && place === "mounted") {
      await fires("kprobe_multi", {
        attach: [["on_kprobe_multi", "-"]],
        action: sleep,
        through,
      });
      return;
    }
    const args = [...GUEST, "kprobe_multi", "on_kprobe_multi", "-"];
    const { code, stdout, stderr } = await runCli(args, { through });
    // Libbpf reads the functions first: a list that is forbidden is EPERM, one that is absent ENOENT.
    const number = place === "absent" ? "-2" : "-\\d+";
    assert.match(stdout, new RegExp(`^on_kprobe_multi ${number}\\nclose 0\\n$`), stderr);
    assert.match(stderr, /^error: Cannot attach program /);
    assert.match(stderr, isBuilt ? /hint: .*mount -t tracefs/ : /hint: .*CONFIG_FPROBE/);
    assert.equal(code, 0);
  });
}

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
