import assert from "node:assert/strict";
import { type KernelFacts, kernelHint, missingEventSource } from "./kernel_support.ts";
import { AttachType, ProgramType } from "./program_types.ts";

/** Returns facts of a kernel with every feature except the given ones. */
function kernelWithout(
  lacking: {
    options?: string[];
    version?: [number, number];
    lsm?: boolean;
    config?: boolean;
    sources?: boolean;
    rights?: boolean;
    /** Numbers of capabilities that the process does not have. */
    capabilities?: number[];
    architecture?: typeof Deno.build.arch;
  } = {},
): KernelFacts {
  return {
    hasOption: (name) =>
      lacking.config === false ? undefined : !(lacking.options ?? []).includes(name),
    architecture: lacking.architecture ?? "x86_64",
    version: () => lacking.version ?? [6, 18],
    hasLsm: () => lacking.lsm ?? true,
    hasEventSource: () => lacking.sources ?? true,
    possibleCpus: () => 1,
    supports: () => 1,
    hasTracefs: () => false,
    hasCapability: (bit) => (lacking.rights ?? true) && !(lacking.capabilities ?? []).includes(bit),
  };
}

const FENTRY = { type: ProgramType.TRACING, attachType: 24, section: "fentry/x" };
const LSM = { type: ProgramType.LSM, attachType: 27, section: "lsm/file_open" };
const KPROBE = { type: ProgramType.KPROBE, attachType: 0, section: "kprobe/x" };
const MULTI = { type: ProgramType.KPROBE, attachType: 42, section: "kprobe.multi/x*" };
const TCX = {
  type: ProgramType.SCHED_CLS,
  attachType: AttachType.TCX_INGRESS,
  section: "tcx/ingress",
};
const NETFILTER = { type: ProgramType.NETFILTER, attachType: 45, section: "netfilter" };

const EPERM = -1;
const ENOENT = -2;
const EINVAL = -22;

Deno.test("kernelHint() names the build options that are missing, and no other", () => {
  const facts = kernelWithout({ options: ["CONFIG_FUNCTION_TRACER"] });
  const hint = kernelHint(FENTRY, EPERM, facts) ?? "";
  assert.match(hint, /without CONFIG_FUNCTION_TRACER,/);
  assert.doesNotMatch(hint, /DIRECT_CALLS/);
});

Deno.test("kernelHint() names the feature when the kernel has it and forbids it", () => {
  const hint = kernelHint(FENTRY, EPERM, kernelWithout()) ?? "";
  assert.match(hint, /CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, which this kernel has;.*forbids/);
});

Deno.test("kernelHint() leaves tracepoints to the hint at tracefs where it cannot be opened", () => {
  const place = { type: ProgramType.TRACEPOINT, attachType: 0, section: "tp/syscalls/sys_enter_x" };
  assert.match(kernelHint(place, EPERM, kernelWithout()) ?? "", /forbids/);
  assert.equal(kernelHint(place, EPERM, kernelWithout({ capabilities: [21] })), undefined);
});

Deno.test("kernelHint() claims nothing of a kernel whose configuration cannot be read", () => {
  const hint = kernelHint(FENTRY, EPERM, kernelWithout({ config: false })) ?? "";
  assert.match(hint, /need CONFIG_BPF_JIT, .*; where that is there, /);
  assert.doesNotMatch(hint, /this kernel (has|was)/);
});

Deno.test("kernelHint() leaves missing rights to others", () => {
  const facts = kernelWithout({ rights: false, options: ["CONFIG_BPF_LSM"] });
  assert.equal(kernelHint(LSM, EPERM, facts), undefined);
});

Deno.test("kernelHint() distinguishes an LSM that was not built from one that is not active", () => {
  assert.match(kernelHint(LSM, EINVAL, kernelWithout({ lsm: false })) ?? "", /lsm=…,bpf/);
  const unbuilt = kernelWithout({ options: ["CONFIG_BPF_LSM"], lsm: false });
  assert.match(kernelHint(LSM, EINVAL, unbuilt) ?? "", /without CONFIG_BPF_LSM/);
});

Deno.test("kernelHint() believes the event source more than the configuration", () => {
  const options = ["CONFIG_KPROBES"];
  assert.equal(kernelHint(KPROBE, ENOENT, kernelWithout({ options })), undefined);
  const without = kernelWithout({ options, sources: false });
  assert.match(kernelHint(KPROBE, ENOENT, without) ?? "", /without CONFIG_KPROBES,/);
  const unknown = kernelWithout({ config: false, sources: false });
  assert.match(
    kernelHint(KPROBE, ENOENT, unknown) ?? "",
    /no kprobes, or .* they need CONFIG_KPROBES/,
  );
});

Deno.test("kernelHint() asks for sysfs where the kernel was built with what it seems to lack", () => {
  assert.match(
    kernelHint(KPROBE, ENOENT, kernelWithout({ sources: false })) ?? "",
    /is sysfs mounted/,
  );
});

Deno.test("missingEventSource() is that of kprobes and uprobes, and of no other program", () => {
  const facts = kernelWithout({ sources: false });
  assert.equal(missingEventSource(KPROBE, facts), "kprobe");
  assert.equal(missingEventSource({ ...KPROBE, section: "usdt" }, facts), "uprobe");
  assert.equal(missingEventSource({ ...KPROBE, section: "ksyscall/read" }, facts), "kprobe");
  assert.equal(missingEventSource(MULTI, facts), undefined);
  assert.equal(missingEventSource(FENTRY, facts), undefined);
  assert.equal(missingEventSource(KPROBE, kernelWithout()), undefined);
});

Deno.test("kernelHint() names the release that is new enough", () => {
  const old = kernelWithout({ version: [6, 1] });
  assert.equal(
    kernelHint(TCX, EINVAL, old),
    "tcx links need Linux 6.6 or newer; this is 6.1",
  );
  assert.match(kernelHint(NETFILTER, EINVAL, old) ?? "", /Linux 6\.4 or newer/);
  assert.equal(kernelHint(MULTI, EINVAL, old), undefined);
  assert.match(
    kernelHint(MULTI, EINVAL, kernelWithout({ options: ["CONFIG_FPROBE"] })) ?? "",
    /CONFIG_FPROBE/,
  );
});

Deno.test("kernelHint() names the release of the kind, and not of its relatives", () => {
  const fsession = { ...FENTRY, attachType: AttachType.TRACE_FSESSION, section: "fsession/x" };
  const old = kernelWithout({ version: [6, 12] });
  assert.match(kernelHint(fsession, EINVAL, old) ?? "", /^fsession programs need Linux 7\.0/);
  assert.equal(kernelHint(FENTRY, EINVAL, old), undefined);
  const cgroup = { ...LSM, attachType: AttachType.LSM_CGROUP, section: "lsm_cgroup/file_open" };
  const older = kernelWithout({ version: [5, 10] });
  assert.match(kernelHint(cgroup, EINVAL, older) ?? "", /^lsm_cgroup programs need Linux 6\.0/);
});

Deno.test("kernelHint() distinguishes netkit from tcx", () => {
  const netkit = { ...TCX, attachType: AttachType.NETKIT_PRIMARY, section: "netkit/primary" };
  const facts = kernelWithout({ options: ["CONFIG_NETKIT"] });
  assert.match(kernelHint(netkit, EINVAL, facts) ?? "", /without CONFIG_NETKIT,/);
  assert.equal(kernelHint(TCX, EINVAL, facts), undefined);
  const old = kernelWithout({ version: [6, 6] });
  assert.equal(
    kernelHint(netkit, EINVAL, old),
    "netkit links need Linux 6.7 or newer; this is 6.6",
  );
});

Deno.test("kernelHint() knows when arm64 got trampolines", () => {
  const arm = (version: [number, number]) => kernelWithout({ version, architecture: "aarch64" });
  for (const program of [FENTRY, LSM]) {
    for (const number of [EINVAL, EPERM, -524]) {
      const words = /on arm64 need Linux 6\.4 or newer; this is 6\.1$/;
      assert.match(kernelHint(program, number, arm([6, 1])) ?? "", words);
    }
    assert.equal(kernelHint(program, EINVAL, arm([6, 4])), undefined);
    assert.equal(kernelHint(program, EINVAL, kernelWithout({ version: [6, 1] })), undefined);
  }
});

Deno.test("kernelHint() names the options of what is not supported where no file has them", () => {
  for (const number of [-95, -524]) {
    const hint = kernelHint(MULTI, number, kernelWithout({ config: false })) ?? "";
    assert.match(hint, /^kprobe\.multi programs need CONFIG_FPROBE, .*no file has/);
  }
  assert.equal(kernelHint(MULTI, -95, kernelWithout()), undefined);
});

Deno.test("kernelHint() returns undefined when nothing is missing", () => {
  for (const program of [FENTRY, LSM, KPROBE, MULTI, TCX, NETFILTER]) {
    assert.equal(kernelHint(program, EINVAL, kernelWithout()), undefined);
  }
});
