/**
 * Attempts to do more than is granted, with each list of gates left out that the arguments have. Prints
 * the names of the attempts that succeeded, as JSON. Run by `tests/ebpf/gates_test.ts`.
 *
 * When the first list has gate 6, this thread is confined like a guest's, and all attempts are made
 * through its broker, except those that need the machine.
 */
import { type AttachWord, BpfError, GRANTABLE_LEVELS, type Permissions } from "../../ebpf/mod.ts";
import { KINDS, levelsOfKind } from "../../ebpf/permissions/mod.ts";
import { enterSandbox } from "../../runtime/sandbox.ts";
import { ACTOR } from "../support/actor.ts";
import { CGROUP, placeCode, PLACES } from "../support/attach_places.ts";
import { attachCode, AttachRig, kprobeResult } from "../support/attach_rig.ts";
import { elfOf, keepObjects } from "../support/object_guest.ts";
import { Loaded, withNumber, withText } from "../support/permission_object.ts";

/** Attempt: true when it did what is not granted. */
type Attempt = () => boolean | Promise<boolean>;

const attempts = new Map<string, Attempt>();
/** Attempts that move files, control groups or interfaces, which a confined thread cannot. */
const onMachine = new Map<string, Attempt>();

/* ---- loads --------------------------------------------------------------------------------------- */

function loads(object: string | Uint8Array, permissions: Permissions, program?: string): boolean {
  using loaded = new Loaded(
    typeof object === "string" ? elfOf(object) : object,
    permissions,
    program,
  );
  return loaded.error === undefined;
}

/** Programs of `levels`, and the level that they must not have. */
const LEVELS = {
  "inspect": "inspect",
  "inspect_format": "inspect",
  "inspect_variable": "inspect",
  "network": "network",
  "network_kind": "network",
  "control": "control",
  "control_kind": "control",
  "replace_kind": "replace",
  "write": "write",
  "observe": "observe",
} as const;

for (const [program, level] of Object.entries(LEVELS)) {
  const others = GRANTABLE_LEVELS.filter((other) => other !== level);
  attempts.set(
    `load ${program} with every other level`,
    () => loads("levels", { strict: true, allowBpf: others }, program),
  );
  attempts.set(
    `load ${program} that is denied`,
    () => loads("levels", { allowBpf: GRANTABLE_LEVELS, denyBpf: [level] }, program),
  );
}
for (
  const program of [
    ...["never_kind", "unknown_helper", "negative_helper"],
    ...["call_register", "call_kind", "address_kind"],
  ]
) {
  attempts.set(`load ${program}`, () => loads("levels", { allowBpf: GRANTABLE_LEVELS }, program));
}
attempts.set(
  "call a denied helper",
  () => loads("levels", { denyHelper: ["bpf_probe_read_user"] }, "inspect"),
);
attempts.set("call a denied helper that is allowed by name as well", () =>
  loads("levels", {
    allowHelper: ["bpf_probe_read_user"],
    denyHelper: ["bpf_probe_read_user"],
  }, "inspect"));
attempts.set(
  "replace a part of the kernel",
  () => loads("struct_ops", { denyBpf: ["struct-ops"] }),
);
attempts.set(
  "replace a part of the kernel without a program",
  () => loads("no_programs", { denyBpf: ["struct-ops"] }),
);
attempts.set("name a map of another object", () => loads("foreign_map", {}));
attempts.set("run system calls", () => loads("system_call", { allowBpf: GRANTABLE_LEVELS }));
attempts.set("follow an iterator's pointers", () => loads("iterators", { denyBpf: ["inspect"] }));
attempts.set("hook a security module", () => loads("lsm", { denyBpf: ["control"] }));
attempts.set(
  "trace a function with its arguments",
  () => loads("fentry", { denyBpf: ["inspect"] }),
);
attempts.set(
  "extend another program",
  () => loads("disguised", { allowBpf: GRANTABLE_LEVELS }, "extend"),
);
for (const program of ["never_call", "never_call_by_other_name"]) {
  attempts.set(
    `load ${program} with every level`,
    () => loads("never_calls", { allowBpf: GRANTABLE_LEVELS }, program),
  );
}
for (const program of ["by_global_function", "by_static_function", "by_callback"]) {
  attempts.set(
    `read memory ${program.replaceAll("_", " ")}`,
    () => loads("disguised", { denyBpf: ["inspect"] }, program),
  );
}
attempts.set(
  "change results by fmod_ret",
  () => loads("disguised", { denyBpf: ["control"] }, "change_result"),
);
attempts.set("hide a program that reads memory among a map's programs", () => {
  using loaded = new Loaded(elfOf("tail_calls"), { denyBpf: ["inspect"] });
  return loaded.error === undefined;
});
for (
  const program of [
    ...["directly", "by_argument", "by_element_callback", "by_timer_callback", "by_inner_map"],
    ...["by_stack", "by_copies", "by_jump_back"],
  ]
) {
  attempts.set(
    `read the kernel by the address of a map, ${program}`,
    () => loads("map_address", { denyBpf: ["inspect"] }, program),
  );
}
for (
  const [object, program] of [
    ["struct_ops", undefined],
    ["lsm", undefined],
    ["net", "on_netfilter"],
    ["disguised", "change_result"],
  ] as const
) {
  attempts.set(
    `follow the arguments of ${program ?? object} without inspect`,
    () => loads(object, { denyBpf: ["inspect"] }, program),
  );
}
attempts.set("write to memory of processes", () => loads("write_user", {}));
attempts.set(
  "read memory by functions that are called back",
  () => loads("calls", { strict: true, allowBpf: ["network"] }),
);

/** `SHIM_PROGRAM_TYPE`, `SHIM_PROGRAM_ATTACH_TYPE`. */
const TYPE = 7, ATTACH_TYPE = 8;

/** Changes a program between open and load. */
function changed(
  [object, program]: readonly [string, string],
  settings: readonly (readonly [setting: number, value: number])[],
  permissions: Permissions,
): boolean {
  using rig = new AttachRig(object, program, permissions);
  try {
    for (const [setting, value] of settings) rig.object.configure(program, setting, value);
    rig.object.load();
    return true;
  } catch {
    return false;
  }
}

for (
  const [name, type, attachType] of [
    ["an XDP program", 6, 37],
    ["a classifier", 3, 46],
    ["a program of a socket filter", 1, 0],
    ["a program of a cgroup", 8, 1],
  ] as const
) {
  attempts.set(
    `make ${name} of a tracepoint between open and load`,
    () =>
      changed(["trace", "on_tp"], [[TYPE, type], [ATTACH_TYPE, attachType]], {
        denyBpf: ["network"],
      }),
  );
}
attempts.set(
  "make an iterator's kind of a tracepoint",
  () => changed(["trace", "on_tp"], [[TYPE, 26], [ATTACH_TYPE, 23]], { denyBpf: ["inspect"] }),
);

/* Every other kind, of a program that was opened as one that observes. */
for (const [word, { level, attachTypes = {} }] of Object.entries(KINDS)) {
  const type = Number(word);
  for (const attachType of [0, ...Object.keys(attachTypes).map(Number)]) {
    const [highest] = levelsOfKind(type, attachType);
    if (highest === undefined || highest === "observe") continue;
    const denyBpf = highest === "never" ? [] : [highest];
    attempts.set(
      `make a program of type ${type}/${attachType} (${level}) between open and load`,
      () =>
        changed(["trace", "on_tp"], [[TYPE, type], [ATTACH_TYPE, attachType]], {
          allowBpf: GRANTABLE_LEVELS,
          denyBpf,
        }),
    );
  }
}

/** `SHIM_MAP_TYPE`. */
const MAP_TYPE = 6;

for (const type of [13, 18, 26, 32, 33, 34]) {
  attempts.set(`make map type ${type} of an array between open and load`, () => {
    using rig = new AttachRig("trace", "on_tp");
    rig.object.configure("counts", MAP_TYPE, type);
    rig.object.load();
    return true;
  });
}
attempts.set("load a program next to a harmless one of its name", () => {
  const object = withText(elfOf("levels"), "inspect", "observe");
  return loads(object, { denyBpf: ["inspect"] }, "observe");
});

/** Leads a program elsewhere between open and load, by its types. */
const led = (program: string, target: string, ...words: AttachWord[]) => {
  attempts.set(`lead ${program} to ${target}, allowed ${words}`, () => {
    using rig = new AttachRig("trace", program, { allowAttach: words });
    rig.object.setAttachTarget(program, target);
    return rig.attach("") === "attached";
  });
};
led("on_tp_btf", "sched_switch", "tp_btf:sched_process_exec");
led("on_tp_btf", "task", "tp_btf:sched_process_exec", "iter");
led("iter_task", "bpf_map", "iter:task");
led("iter_task", "bpf_prog", "iter:task", "tp_btf");

/* ---- kernel functions by number --------------------------------------------------------------------- */

const SIGNAL = Number(Deno.env.get("TEST_SIGNAL_FUNCTION") ?? 0);
if (SIGNAL > 0) {
  const object = withNumber(elfOf("signals"), 0x7ac7ed02, SIGNAL);
  using first = new Loaded(object, { denyBpf: ["control"] });
  for (const program of first.object.programNames) {
    attempts.set(
      `call a kernel function by its number: ${program}`,
      () => loads(object, { denyBpf: ["control"] }, program),
    );
  }
}

/* ---- places ------------------------------------------------------------------------------------------ */

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

const LIBC = await Deno.realPath(`/lib/${Deno.build.arch}-linux-gnu/libc.so.6`);

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

/** Exchanges a file after the rules were made. */
function exchanged(exchange: (path: string) => Promise<void>, start = "/usr/bin/true"): Attempt {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/allowed`;
      await Deno.copyFile(start, path);
      using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
      await exchange(path);
      return rig.attach(`${path}:getpgid`) === "attached";
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

onMachine.set(
  "exchange an allowed file for a link",
  exchanged(async (path) => {
    await Deno.remove(path);
    await Deno.symlink(LIBC, path);
  }),
);
onMachine.set(
  "exchange an allowed file by rename",
  exchanged(async (path) => {
    await Deno.copyFile(LIBC, `${path}.new`);
    await Deno.rename(`${path}.new`, path);
  }),
);
onMachine.set("overwrite an allowed file", exchanged((path) => Deno.copyFile(LIBC, path)));
onMachine.set("attach to a copy of a denied file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.copyFile(LIBC, path);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${path}:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(path);
  }
});
onMachine.set("attach to a denied file by a link", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(LIBC, `${folder}/link`);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${folder}/link:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
onMachine.set("attach where an allowed link leads later", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/ns`;
    await Deno.symlink("/nonexistent", path);
    using rig = new AttachRig("net", "on_sk_lookup", { allowAttach: [`netns:${path}`] });
    await Deno.remove(path);
    await Deno.symlink("/proc/self/ns/net", path);
    return rig.attach(path) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
onMachine.set("attach to a cgroup that took the name of an allowed one", async () => {
  const path = `${CGROUP}/wasm-bpf-attempt-${Deno.pid}`;
  await Deno.mkdir(path);
  try {
    using rig = new AttachRig("cgroup", "count", { allowAttach: [`cgroup:${path}`] });
    await Deno.remove(path);
    await Deno.mkdir(path);
    return rig.attach(path) === "attached";
  } finally {
    await Deno.remove(path);
  }
});
/** Mounts something else over what is allowed, or what is denied somewhere else. */
function mounted(
  start: string,
  attempt: (path: string, mount: (from: string) => Promise<void>) => Promise<boolean>,
): Attempt {
  return async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/file`;
    if ((await Deno.stat(start)).isDirectory) await Deno.mkdir(path);
    else await Deno.copyFile(start, path);
    let mounts = 0;
    const run = async (command: string, ...args: string[]) => {
      const { success, stderr } = await new Deno.Command(command, { args }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
    };
    try {
      return await attempt(path, async (from) => {
        await run("mount", "--bind", from, path);
        mounts++;
      });
    } finally {
      for (; mounts > 0; mounts--) await run("umount", path);
      await Deno.remove(folder, { recursive: true });
    }
  };
}

onMachine.set(
  "mount another file over an allowed one",
  mounted("/usr/bin/true", async (path, mount) => {
    using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
    await mount(LIBC);
    return rig.attach(`${path}:getpgid`) === "attached";
  }),
);
onMachine.set(
  "attach to a denied file where it is mounted",
  mounted("/usr/bin/true", async (path, mount) => {
    await mount(LIBC);
    const permissions: Permissions = { denyAttach: ["uprobe:libc.so.6"] };
    return attachCode("trace", "on_uprobe", `${path}:getpgid`, permissions) === "attached";
  }),
);
onMachine.set(
  "attach to a denied cgroup where it is mounted",
  mounted(CGROUP, async (path, mount) => {
    await mount(CGROUP);
    return attachCode("cgroup", "count", path, { denyAttach: [`cgroup:${CGROUP}`] }) === "attached";
  }),
);
onMachine.set(
  "mount a cgroup over an allowed folder",
  mounted(CGROUP, async (path, mount) => {
    using rig = new AttachRig("cgroup", "count", { allowAttach: [`cgroup:${path}`] });
    await mount(CGROUP);
    return rig.attach(path) === "attached";
  }),
);
onMachine.set(
  "attach to a denied network namespace where it is mounted",
  mounted("/usr/bin/true", async (path, mount) => {
    await mount("/proc/self/ns/net");
    const permissions: Permissions = { denyAttach: ["netns:/proc/self/ns/net"] };
    return attachCode("net", "on_sk_lookup", path, permissions) === "attached";
  }),
);
onMachine.set("attach to a denied file by another name of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(LIBC, `${folder}/one`);
    await Deno.link(`${folder}/one`, `${folder}/two`);
    const permissions: Permissions = { denyAttach: [`uprobe:${folder}/one`] };
    return attachCode("trace", "on_uprobe", `${folder}/two:getpgid`, permissions) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
onMachine.set("attach to a denied file that was renamed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(LIBC, `${folder}/one`);
    using rig = new AttachRig("trace", "on_uprobe", { denyAttach: [`uprobe:${folder}/one`] });
    await Deno.rename(`${folder}/one`, `${folder}/two`);
    await Deno.copyFile("/usr/bin/true", `${folder}/one`);
    return rig.attach(`${folder}/two:getpgid`) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
onMachine.set("exchange a folder above an allowed file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/here`);
    await Deno.mkdir(`${folder}/there`);
    await Deno.copyFile("/usr/bin/true", `${folder}/here/file`);
    await Deno.copyFile(LIBC, `${folder}/there/file`);
    const path = `${folder}/here/file`;
    using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
    await Deno.rename(`${folder}/here`, `${folder}/gone`);
    await Deno.symlink(`${folder}/there`, `${folder}/here`);
    return rig.attach(`${path}:getpgid`) === "attached";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
onMachine.set("attach to a denied interface by another of its names", async () => {
  const [name, other] = [`wbc${Deno.pid}`, `wasm-bpf-other-name-${Deno.pid}`];
  const ip = async (...args: string[]) =>
    (await new Deno.Command("ip", { args, stderr: "null" }).output()).success;
  if (!await ip("link", "add", name, "type", "veth", "peer", "name", `${name}p`)) return false;
  try {
    await ip("link", "property", "add", "dev", name, "altname", other);
    using rig = new AttachRig("net", "on_xdp", { denyAttach: [`iface:${name}`] });
    await ip("link", "set", name, "name", `${name}x`);
    return rig.attach(other) === "attached" || rig.attach(`${name}x`) === "attached";
  } finally {
    await ip("link", "del", `${name}p`);
  }
});
onMachine.set("attach to an interface that took the name of an allowed one", async () => {
  const [first, second] = [`wba${Deno.pid}`, `wbb${Deno.pid}`];
  const ip = async (...args: string[]) =>
    (await new Deno.Command("ip", { args, stderr: "null" }).output()).success;
  if (!await ip("link", "add", first, "type", "veth", "peer", "name", second)) return false;
  try {
    using rig = new AttachRig("net", "on_xdp", { allowAttach: [`iface:${first}`] });
    await ip("link", "set", first, "name", `${first}x`);
    await ip("link", "set", second, "name", first);
    return rig.attach(first) === "attached";
  } finally {
    await ip("link", "del", first);
  }
});
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

/* ---- all, for each list of gates ------------------------------------------------------------------------ */

const [first = ""] = Deno.args;
if (first.includes("6")) {
  // A thread that is confined reads no objects.
  keepObjects();
  Deno.env.set("SHIM_TEST_GATES", first);
  enterSandbox({ grants: [], isRequired: false, isAlone: false, onNotice: () => {} });
} else {
  for (const [name, attempt] of onMachine) attempts.set(name, attempt);
}

/** An error before the load or the attach is a failure, too. */
async function succeeds(attempt: Attempt): Promise<boolean> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof BpfError) return false;
    throw error;
  }
}

const results: Record<string, string[]> = {};
for (const gates of Deno.args) {
  // getenv(3) of the shim sees it: both use the environment of the C library.
  Deno.env.set("SHIM_TEST_GATES", gates);
  const done: string[] = [];
  for (const [name, attempt] of attempts) if (await succeeds(attempt)) done.push(name);
  results[gates] = done;
}
// deno-lint-ignore no-console -- its output
console.log(JSON.stringify({ attempts: attempts.size, results }));
