/** Attach targets that many machines lack: kprobes, trampolines, LSM, and cgroup programs. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { guestPath } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import type { Kernel, KernelCase, KernelResult } from "../support/kernel_vm.ts";

/** Counting of the guest `attach`: each program of an object is attached, and seen firing. */
function attachment(
  name: string,
  object: string,
  attach: string,
  more: Partial<KernelCase> = {},
): KernelCase {
  return {
    name,
    run: `/attach.wasm ${object} ${attach}`,
    files: [guestPath("attach")],
    stir: "usleep 1000",
    until: "^count [1-9]",
    check: counted,
    ...more,
  };
}

function counted({ code, stdout, stderr }: KernelResult): void {
  assert.match(stdout, /^attached\ncount [1-9]/m, stderr);
  assert.match(stdout, /^close 0$/m);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
}

/** True on kernels before the matrix's `kernel`. */
function before(kernel: Kernel, first: Kernel): boolean {
  const order = ["5.10", "6.1", "6.12", "newest"];
  return order.indexOf(kernel) < order.indexOf(first);
}

/** Checks a program type that kernels before `first` lack: an error of ours there. */
function since(first: Kernel, pattern: RegExp): KernelCase["check"] {
  return (result, kernel) => {
    if (!before(kernel, first)) return counted(result);
    assert.match(result.stderr, pattern);
    assert.doesNotMatch(result.stdout, /^count/m);
  };
}

const example = (name: string) => fromFileUrl(`../../dist/examples/${name}/${name}.wasm`);

/** Run of an example that must print a line, until it is interrupted. */
function exampleRun(name: string, more: Partial<KernelCase> & { until: string }): KernelCase {
  return {
    name: `example ${name}`,
    run: `/${name}.wasm`,
    files: [example(name), ACTOR],
    check: ({ code, stdout, stderr }) => {
      assert.match(stdout, new RegExp(more.until, "m"), stderr);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    },
    ...more,
  };
}

/** Attachment that words of the command line refuse. */
function refused(words: string, object: string, program: string): KernelCase {
  return {
    name: `refused ${program} ${words}`,
    run: `${words} /attach.wasm ${object} ${program} -`,
    files: [guestPath("attach")],
    check: ({ stdout, stderr }) => {
      assert.match(stderr, /EPERM/);
      assert.doesNotMatch(stdout, /^(attached|count)/m);
    },
  };
}

const CGROUP = "/sys/fs/cgroup/test";

/** Runs of the guest `attach` and of examples. */
export const ATTACH_CASES: readonly KernelCase[] = [
  attachment("kprobe", "kprobe", "on_kprobe -"),
  attachment("kretprobe", "kprobe", "on_kretprobe -"),
  attachment("ksyscall", "kprobe", "on_ksyscall -"),
  attachment("kprobe.multi", "kprobe_multi", "on_kprobe_multi -", {
    // Debian's 6.1 has no CONFIG_FPROBE.
    check: since("6.12", /^error: Cannot (attach|load) program "on_kprobe_multi"/),
  }),
  refused("--deny-attach kprobe:do_nanosleep", "kprobe", "on_kprobe"),
  refused("--deny-attach kprobe:do_nano*", "kprobe", "on_kretprobe"),
  refused("--allow-attach kprobe:do_exit", "kprobe", "on_kprobe"),
  refused("--deny-attach ksyscall:clock_nanosleep", "kprobe", "on_ksyscall"),
  refused("--deny-attach kprobe", "fentry", "on_fentry"),
  refused("--deny-attach lsm", "lsm", "on_lsm"),
  attachment("allowed kprobe", "kprobe", "on_kprobe -", {
    run: "--allow-attach kprobe:do_nanosleep /attach.wasm kprobe on_kprobe -",
  }),
  attachment("fentry", "fentry", "on_fentry -"),
  attachment("fexit", "fexit", "on_fexit -"),
  attachment("lsm", "lsm", "on_lsm -", { stir: "cat /proc/version" }),
  attachment("tp_btf", "tp_btf", "on_tp_btf -", { stir: "ls /" }),
  ...["skb_egress", "sock_create", "bind4", "sendmsg4", "getsockname4", "setsockopt", "sysctl"]
    .map((name) =>
      attachment(`cgroup ${name}`, "cgroup", `on_${name} ${CGROUP}`, {
        files: [guestPath("attach"), ACTOR],
        prepare: `mkdir -p ${CGROUP}`,
        stir: `/actor --cgroup ${CGROUP} sockets`,
      })
    ),
  exampleRun("lsm", {
    run: "/lsm.wasm /tmp/keep/this",
    prepare: "mkdir -p /tmp/keep/this",
    stir: "mkdir -p /tmp/keep/this; rmdir /tmp/keep/this",
    until: "rmdir +refused$",
  }),
  exampleRun("bootstrap", { stir: "ls /", until: "EXIT +ls .*\\[0\\]" }),
  exampleRun("opensnoop", { stir: "cat /proc/version", until: "cat .*/proc/version$" }),
  exampleRun("tcpconnlat", { stir: "/actor connection", until: "actor +4 +127\\.0\\.0\\.1" }),
  exampleRun("tcpstates", { stir: "/actor connection", until: "actor .*127\\.0\\.0\\.1" }),
];
