/** A confined thread's system calls and capabilities: each part of the second wall by itself. */
import assert from "node:assert/strict";
import { errno } from "../../ffi/mod.ts";
import { type Attempt, attemptCalls, runCalls, without } from "../support/attempts.ts";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP, CliProcess, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

const EPERM = -errno("EPERM");
const ENOSYS = -errno("ENOSYS");

/** Map operations: lookup, update, delete, next key, lookup and delete, and the batches. */
const MAP_COMMANDS = [1, 2, 3, 4, 21, 24, 25, 26, 27].map((number) =>
  `bpf command ${String(number).padStart(2, "0")}`
);

/** Reports whether the root folder is a folder of a mount, as after chroot(2). */
function isChrooted(): boolean {
  const mounts = Deno.readTextFileSync("/proc/self/mountinfo").split("\n");
  return !mounts.some((line) => line.split(" ")[4] === "/");
}

/** Asserts that the list refuses every call, and that it is the list that does. */
function assertRefused(results: readonly Attempt[]): void {
  assert.ok(results.length > 190, `${results.length}`);
  for (const { name, before, after } of results) {
    if (MAP_COMMANDS.includes(name)) {
      assert.equal(after, before, name);
    } else if (name === "clone3") {
      assert.deepEqual([before !== ENOSYS, after], [true, ENOSYS], name);
    } else if (name === "clone with a user namespace" && isChrooted()) {
      // The kernel refuses it to a process whose root is not that of the mount namespace.
      assert.deepEqual([before, after], [EPERM, EPERM], name);
    } else {
      assert.notEqual(before, EPERM, `${name} is refused to a thread that is not confined`);
      assert.equal(after, EPERM, name);
    }
  }
}

Deno.test("a confined thread makes no system call that a guest does not need", async () => {
  const { results, notices } = await attemptCalls();
  assertRefused(results);
  assert.deepEqual(notices, []);
});

Deno.test("seccomp alone refuses the same system calls", async () => {
  const { results, notices } = await attemptCalls(without("landlock_create_ruleset"));
  assertRefused(results.filter(({ name }) => !name.startsWith("landlock_")));
  assert.match(notices.join("\n"), /^Landlock is missing/);
});

/** Calls with paths that a guest with folders makes; the second wall for them is Landlock. */
const WITH_FILES = [
  ...["openat2", "newfstatat", "readlinkat", "utimensat", "mkdirat", "unlinkat"],
  ...["renameat2", "linkat", "symlinkat"],
];

Deno.test("with folders, a confined thread opens files by openat2(2) and nothing else", async () => {
  const { results } = await attemptCalls([], ["files"]);
  assertRefused(results.filter(({ name }) => !WITH_FILES.includes(name)));
  const opened = results.find(({ name }) => name === "openat2");
  // Landlock: /etc is not among the folders.
  assert.deepEqual([opened?.before, opened?.after], [0, -errno("EACCES")]);
});

/** Calls that take a capability. */
const PRIVILEGED = [
  ...["bpf: create a map", "bpf: load a program", "bpf command 13", "bpf command 14"],
  ...["fsopen", "pivot_root", "swapon", "acct", "reboot", "sethostname"],
  ...["socket: raw", "socket: packet", "clone with a namespace", "setgroups"],
];

Deno.test("the capabilities alone refuse what takes one", async () => {
  const { results } = await attemptCalls(without("landlock_create_ruleset", "seccomp"));
  const byName = new Map(results.map((attempt) => [attempt.name, attempt]));
  for (const name of PRIVILEGED) {
    const { before, after } = byName.get(name) ?? {};
    assert.notEqual(before, EPERM, name);
    assert.equal(after, EPERM, name);
  }
});

/**
 * uretprobe(2) and uprobe(2) of x86-64, which Linux 6.13 and newer filter for no thread: called from
 * anywhere but a probe's trampoline, they end the process.
 */
const OF_PROBES = [335, 336];

/** Numbers of all calls that the list allows in some form, by the names in its source. */
async function listedNumbers(): Promise<number[]> {
  const source = await Deno.readTextFile(fromFileUrl("../../libbpf-shim/seccomp.c"));
  const names = new Set([...source.matchAll(/\bSYS_(\w+)/g)].map(([, name]) => name));
  const defines = await succeed(
    "clang",
    ...["-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
  );
  return [...defines.matchAll(/^#define __NR_(\w+) (\d+)$/gm)]
    .flatMap(([, name, number]) => names.has(name) ? [Number(number)] : []);
}

Deno.test("a confined thread makes no call by a number that the list does not have", async () => {
  const numbers = await listedNumbers();
  assert.ok(numbers.length > 80, `${numbers.length}`);
  const { stdout, stderr } = await runCalls({ more: [[...numbers, ...OF_PROBES].join(",")] });
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stdout), "[]\n", decoder.decode(stderr));
});

Deno.test("a confined thread makes no call with arguments that the list does not have", async () => {
  const { stdout, stderr } = await runCalls({ more: ["arguments"] });
  const decoder = new TextDecoder();
  assert.ok(stdout.length > 0, decoder.decode(stderr));
  assert.deepEqual(JSON.parse(decoder.decode(stdout)), { passed: [], refused: [] });
});

Deno.test("a confined thread that calls by another architecture's numbers ends the process", async () => {
  const { signal } = await runCalls({ more: ["foreign"] });
  assert.equal(signal, "SIGSYS");
});

/** `CAP_*` of `linux/capability.h`, as bits. */
const [DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER] = [1n << 1n, 1n << 2n, 1n << 3n];

/** Rights of a thread: its sets of capabilities and its mode of seccomp. */
async function rightsOf(pid: number, task: number) {
  const status = await Deno.readTextFile(`/proc/${pid}/task/${task}/status`);
  const set = (name: string) =>
    BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)$`, "m").exec(status)?.[1]}`);
  const seccomp = Number(/^Seccomp:\s*(\d)$/m.exec(status)?.[1]);
  const [effective, permitted, inheritable, ambient, bounding] = [
    ...[set("CapEff"), set("CapPrm"), set("CapInh"), set("CapAmb"), set("CapBnd")],
  ];
  return { effective, permitted, inheritable, ambient, bounding, seccomp };
}

/** Nothing in the place of a file that is gone. */
function ignoreMissing(error: unknown): undefined {
  const isGone = error instanceof Deno.errors.NotFound ||
    (error as { code: string }).code === "ESRCH";
  if (!isGone) throw error;
}

for (
  const [options, kept] of [
    [[], 0n],
    [["--dir", "/tmp::/data::ro"], DAC_READ_SEARCH],
    [["--dir", "/tmp::/data"], DAC_READ_SEARCH | DAC_OVERRIDE | FOWNER],
  ] as const
) {
  Deno.test(`the guest's thread keeps no capability but what ${options[1] ?? "no folder"} needs`, async () => {
    await using process = new CliProcess([...options, "--timeout", "120s", BOOTSTRAP]);
    await process.waitFor(/^TIME /);
    assert.deepEqual(await rightsOf(process.pid, process.pid), {
      effective: kept,
      permitted: kept,
      inheritable: 0n,
      ambient: 0n,
      bounding: kept,
      seccomp: 2,
    });
  });
}

Deno.test("the broker is the only thread that keeps its rights", async () => {
  await using process = new CliProcess(["--dir", "/tmp::/data", "--timeout", "120s", BOOTSTRAP]);
  await process.waitFor(/^TIME /);
  const own = await rightsOf(Deno.pid, Deno.pid);
  const tasks = await Array.fromAsync(Deno.readDir(`/proc/${process.pid}/task`));
  const others = tasks.map(({ name }) => Number(name)).filter((task) => task !== process.pid);
  // A thread may end meanwhile.
  const rights = (await Promise.all(
    others.map((task) => rightsOf(process.pid, task).catch(ignoreMissing)),
  )).filter((one) => one !== undefined);
  const free = rights.filter(({ seccomp }) => seccomp === 0);
  assert.deepEqual(free.map(({ effective }) => effective), [own.effective]);
  assert.ok(rights.length > 2, `${rights.length}`);
  for (const { effective, permitted, seccomp } of rights) {
    if (seccomp !== 0) assert.deepEqual([effective, permitted, seccomp], [0n, 0n, 2]);
  }
});

Deno.test("run works without seccomp, and --verbose reports it", async () => {
  const quiet = await runBriefly([BOOTSTRAP], { through: without("seccomp") });
  assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);
  const { code, stderr } = await runBriefly(["--verbose", BOOTSTRAP], {
    through: without("seccomp"),
  });
  assert.equal(code, 0);
  assert.match(stderr, /^note: seccomp is missing \(ENOSYS /m);
});

Deno.test("--require-landlock runs no guest without seccomp, either", async () => {
  const args = ["--require-landlock", "--timeout", "120s", BOOTSTRAP];
  const { code, stdout, stderr } = await runCli(args, { through: without("seccomp") });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^error: Cannot confine the guest with seccomp: ENOSYS.*\nhint: .*CONFIG_SECCOMP_FILTER/,
  );
});

Deno.test("seccomp that fails is an error, required or not", async () => {
  const through = [
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=seccomp"],
    ...["-e", "inject=seccomp:error=ENOMEM:when=2"],
  ];
  const { code, stderr } = await runCli(["--timeout", "120s", BOOTSTRAP], { through });
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot confine the guest with seccomp: ENOMEM/);
});

const CAP_BPF = 1n << 39n;

Deno.test("where map operations take CAP_BPF, the guest's thread keeps it, and nothing else", async () => {
  // Linux before 5.19 refuses the first one, which is to find out. -D: the command is our child.
  const through = [
    ...["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=bpf"],
    ...["-e", "inject=bpf:error=EPERM:when=1"],
  ];
  await using process = new CliProcess(["--timeout", "120s", BOOTSTRAP], { through });
  await process.waitFor(/^TIME /);
  const { effective, permitted, seccomp } = await rightsOf(process.pid, process.pid);
  assert.deepEqual([effective, permitted, seccomp], [CAP_BPF, CAP_BPF, 2]);
});
