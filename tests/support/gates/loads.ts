/** Attempts to load programs and maps that are not granted. */
import { type AttachWord, GRANTABLE_LEVELS, type Permissions } from "../../../ebpf/mod.ts";
import { KINDS, levelsOfKind } from "../../../ebpf/permissions/mod.ts";
import { AttachRig } from "../attach_rig.ts";
import { elfOf } from "../object_guest.ts";
import { Loaded, withNumber, withText } from "../permission_object.ts";
import type { Attempts } from "./attempt.ts";

const attempts: Attempts = new Map();

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

/** Attempts to load what is not granted. */
export const LOAD_ATTEMPTS: Attempts = attempts;
