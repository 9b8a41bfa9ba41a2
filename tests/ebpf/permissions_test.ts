/** Programs above the levels that a run allows. Needs root. */
import assert from "node:assert/strict";
import type { GrantableLevel, Permissions } from "../../ebpf/mod.ts";
import { GRANTABLE_LEVELS, Policy } from "../../ebpf/mod.ts";
import { BpfObject, errno, LinearMemory, takeLog } from "../../ffi/mod.ts";
import { runGuest, spawn } from "../../runtime/mod.ts";
import { ABI } from "../support/guests.ts";
import { elfOf, objectGuest } from "../support/object_guest.ts";
import { Loaded } from "../support/permission_object.ts";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP, runCli } from "../support/cli.ts";

const LEVELS = elfOf("levels");

/** Message of wasm-bpf, in contrast to refusals of the kernel for other reasons. */
const REFUSED = /which is refused$/;

function load(program: string, permissions: Permissions): { code?: string; detail: string } {
  using loaded = new Loaded(LEVELS, permissions, program);
  const { error } = loaded;
  return error === undefined ? { detail: "" } : { code: error.code, detail: error.detail ?? "" };
}

/** Levels that each program needs, including the level of its type. */
const NEEDS: Readonly<Record<string, readonly GrantableLevel[]>> = {
  observe: ["observe"],
  inspect: ["observe", "inspect"],
  "inspect_format": ["observe", "inspect"],
  "inspect_variable": ["observe", "inspect"],
  network: ["network"],
  "network_kind": ["network"],
  control: ["observe", "control"],
  "control_kind": ["control"],
  "replace_kind": ["replace"],
  write: ["observe", "write"],
};

/** Tracepoints of nbd, helpers that lockdown removes, and variables without CONFIG_KALLSYMS_ALL. */
const IN_SOME_KERNELS = ["replace_kind", "write", "inspect_variable"];

for (const [program, levels] of Object.entries(NEEDS)) {
  Deno.test(`${program} loads when only its levels are allowed`, () => {
    const { detail } = load(program, { strict: true, allowBpf: levels });
    assert.doesNotMatch(detail, REFUSED);
    if (!IN_SOME_KERNELS.includes(program)) assert.equal(detail, "");
  });

  for (const level of levels) {
    Deno.test(`${program} is refused without ${level}, when every other level is allowed`, () => {
      const others = GRANTABLE_LEVELS.filter((other) => other !== level);
      const { code, detail } = load(program, { strict: true, allowBpf: others });
      assert.equal(code, "EPERM");
      assert.match(detail, REFUSED);
    });

    Deno.test(`${program} is refused when ${level} is denied, even if it is also allowed`, () => {
      const { code, detail } = load(program, { allowBpf: GRANTABLE_LEVELS, denyBpf: [level] });
      assert.equal(code, "EPERM");
      assert.match(detail, REFUSED);
    });
  }
}

Deno.test("by default, every program loads that needs neither write nor never", () => {
  for (const [program, levels] of Object.entries(NEEDS)) {
    const { detail } = load(program, {});
    if (levels.includes("write")) assert.match(detail, REFUSED);
    else assert.doesNotMatch(detail, REFUSED);
  }
});

const NEVER = {
  "never_kind": /type syscall/,
  "unknown_helper": /helper 10000,/,
  "negative_helper": /helper -1,/,
  "call_register": /instruction 0x8d\/0,/,
  "call_kind": /instruction 0x85\/5,/,
  "address_kind": /address kind 7,/,
};

for (const [program, detail] of Object.entries(NEVER)) {
  Deno.test(`${program} is refused when every level is allowed`, () => {
    const result = load(program, { allowBpf: GRANTABLE_LEVELS });
    assert.equal(result.code, "EPERM");
    assert.match(result.detail, REFUSED);
    assert.match(result.detail, detail);
  });
}

Deno.test("load allows a helper by its name when its level is not allowed", () => {
  const observe: Permissions = { strict: true, allowBpf: ["observe"] };
  assert.match(load("inspect", observe).detail, REFUSED);
  for (const name of ["bpf_probe_read_user", "probe_read_user"]) {
    assert.equal(load("inspect", { ...observe, allowHelper: [name] }).detail, "");
    const denied = { allowHelper: [name], denyHelper: ["bpf_probe_read_user"] };
    assert.match(load("inspect", { ...observe, ...denied }).detail, REFUSED);
  }
  const levelDenied: Permissions = { denyBpf: ["inspect"], allowHelper: ["bpf_probe_read_user"] };
  assert.match(load("inspect", levelDenied).detail, REFUSED);
});

for (const program of ["field", "function"]) {
  Deno.test(`a program with code for kernels with another ${program} loads`, () => {
    using loaded = new Loaded(elfOf("lacking"), {}, program);
    assert.equal(loaded.error?.detail, undefined);
  });
}

Deno.test("struct_ops programs need their level", () => {
  const bytes = elfOf("struct_ops");
  const allowed: Permissions[] = [{}, { strict: true, allowBpf: ["struct-ops", "inspect"] }];
  for (const permissions of allowed) {
    using loaded = new Loaded(bytes, permissions);
    assert.equal(loaded.error, undefined);
  }
  const refused: Permissions[] = [{ denyBpf: ["struct-ops"] }, {
    strict: true,
    allowBpf: GRANTABLE_LEVELS.filter((level) => level !== "struct-ops"),
  }];
  for (const permissions of refused) {
    using loaded = new Loaded(bytes, permissions);
    assert.equal(loaded.error?.code, "EPERM");
    assert.match(loaded.error.detail ?? "", /a struct_ops map$|type struct_ops, which is refused$/);
    assert.match(loaded.error.message, /level struct-ops/);
  }
});

Deno.test("struct_ops maps need the level even without a program", () => {
  using loaded = new Loaded(elfOf("no_programs"), { denyBpf: ["struct-ops"] });
  assert.equal(loaded.error?.code, "EPERM");
  assert.match(loaded.error.message, /level struct-ops/);
  using allowed = new Loaded(elfOf("no_programs"), {});
  assert.doesNotMatch(allowed.error?.detail ?? "", /refused/);
});

Deno.test("load without a policy refuses every object", () => {
  using memory = new LinearMemory(new WebAssembly.Memory({ initial: 2 }));
  memory.bytes.set(LEVELS, 0);
  const opened = BpfObject.open({ memory, offset: 0, sizeBytes: LEVELS.length }, "guest");
  assert.ok(typeof opened !== "number");
  using object = opened;
  assert.equal(object.permit(new Uint8Array(8)), -errno("EINVAL"));
  assert.equal(object.load(), -errno("EPERM"));
  assert.equal(object.permit(new Policy().bytes), -errno("EALREADY"));
  takeLog();
});

Deno.test("spawn() applies permissions", async () => {
  const codes: string[] = [];
  await using handle = spawn(objectGuest("levels", ""), {
    permissions: { denyBpf: ["observe"] },
    onError: ({ code, detail = "" }) => codes.push(`${code} ${REFUSED.test(detail)}`),
  });
  assert.equal((await handle.exited).kind, "exited");
  assert.deepEqual(codes, ["EPERM true"]);
  assert.throws(() => runGuest(ABI, { permissions: { allowBpf: ["all" as "write"] } }), {
    code: "PERMISSION_WORD",
  });
});

Deno.test("a refused program reaches no system call, with any option", async () => {
  const trace = await Deno.makeTempFile();
  const loads = async (...options: string[]) => {
    const through = ["strace", "-f", "-qq", "-e", "trace=bpf", "-o", trace];
    await runBriefly([...options, BOOTSTRAP], { through });
    const calls = (await Deno.readTextFile(trace)).split("\n");
    return calls.filter((call) => /BPF_PROG_LOAD, .*prog_name="handle_/.test(call)).length;
  };
  try {
    assert.ok(await loads() > 0);
    assert.equal(await loads("--strict"), 0);
    assert.equal(await loads("--strict", "--allow-bpf=network,control,replace,write"), 0);
    assert.equal(await loads("--deny-bpf=observe"), 0);
  } finally {
    await Deno.remove(trace);
  }
});

for (
  const [word, hint] of [
    ["--allow-bpf=contrl", /did you mean control\?.* inspect, network/],
    ["--deny-bpf=observe,nothing", /the levels are observe/],
    ["--allow-bpf=never", /the levels are observe/],
    ["--allow-bpf=", /--allow-bpf LEVEL/],
    ["--allow-helper=bpf_send_signl", /did you mean bpf_send_signal\?/],
    ["--deny-helper=nothing_like_it", /docs\/permissions.md lists the 211 helpers/],
    ["--allow-helper=bpf_sys_bpf", /lists the ones that can be allowed/],
    ["--allow-kfunc=bpf_send_signal_tas", /did you mean bpf_send_signal_task\?/],
    ["--allow-kfunc=crash_kexec", /lists the ones that can be allowed/],
    ["--deny-kfunc=bpf_future", /lists \d+/],
  ] as const
) {
  Deno.test(`${word} is a usage error before anything runs`, async () => {
    const { code, stdout, stderr } = await runCli([word, "nothing-of-this-name.wasm"]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, hint);
  });
}
