/** The second wall: what a confined thread can no longer do, and what still works. */
import assert from "node:assert/strict";
import { landlockVersion } from "../../ffi/mod.ts";
import { compareTables } from "../support/libc.ts";
import { ERRNO, type ErrnoName } from "../../ffi/mod.ts";
import { spawn, type SpawnOptions } from "../../runtime/mod.ts";
import { ACTOR } from "../support/actor.ts";
import { until } from "../support/condition.ts";
import { runBriefly } from "../support/brief.ts";
import { BOOTSTRAP, CliProcess, guestPath, runCli } from "../support/cli.ts";
import { guest, sleepMs } from "../support/guests.ts";
import { heldBy, heldByThread } from "../support/held.ts";
import { fromFileUrl } from "../support/paths.ts";
import { assembleTo } from "../support/wat.ts";

/** Newest version that the program knows; a kernel of the tests' has that, or the tests fail. */
const KNOWN_VERSION = 6;

Deno.test("this kernel has the Landlock that the tests are about", () => {
  assert.ok(landlockVersion() >= KNOWN_VERSION, `Landlock ${landlockVersion()}`);
});

/** A folder with `readonly`, `writable` and `outside`, each with a file. */
async function makeTree(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const name of ["readonly", "writable", "outside"]) {
    await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/${name}/file`, `of ${name}`);
  }
  await Deno.symlink("../outside/file", `${folder}/writable/to-outside`);
  return folder;
}

/** Output of `tests/programs/confined.ts`. */
interface Confined {
  results: Record<string, number>;
  permissions: Record<string, Deno.PermissionState>;
  notices: string[];
  before: unknown[];
  after: unknown[];
}

/** Without seccomp: through strace, which returns in the kernel's place. */
const WITHOUT_SECCOMP = [
  ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=seccomp"],
  ...["-e", "inject=seccomp:error=ENOSYS"],
];

async function runConfined(folder: string, through: string[] = []): Promise<Confined> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const program = fromFileUrl("../programs/confined.ts");
  const [command = "", ...args] = [
    ...[...through, Deno.execPath(), "run", "-A", "--no-check"],
    ...[program, folder, String(listener.addr.port)],
  ];
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

const ALLOWED = [
  ...["read inside", "list inside", "write inside", "create inside", "make a folder inside"],
  ...["move between folders inside", "link inside", "remove inside"],
  ...["read read-only", "list read-only", "signal itself"],
];

/** Results other than EACCES: without a capability, and of calls that no guest needs. */
const OTHER_ANSWERS: Readonly<Record<string, ErrnoName>> = {
  "mount inside": "EPERM",
  "signal another process": "EPERM",
};
const NOT_CALLED = [
  ...["truncate inside", "truncate read-only", "truncate outside", "make a device inside"],
  ...["make a FIFO inside", "run a program", "bind", "connect", "open by a place of outside"],
];

/** Moving or linking to where the rights are others is EACCES or EXDEV; the kernel's to choose. */
const MOVES = /^(move|link) (to|from|into|out|an open|a place|by)/;

const nameOf = (number: number) =>
  Object.entries(ERRNO).find(([, [value]]) => value === -number)?.[0] ?? `${number}`;

for (
  const [what, through, allowed, refused, notice] of [
    ["a confined thread", [], ALLOWED, NOT_CALLED, /^$/],
    ["Landlock alone", WITHOUT_SECCOMP, [...ALLOWED, "truncate inside"], [], /^seccomp is missing/],
  ] as const
) {
  Deno.test(`${what} reaches the grants, and nothing else of the host`, async () => {
    const folder = await makeTree();
    try {
      const { results, notices } = await runConfined(folder, [...through]);
      for (const [attempt, result] of Object.entries(results)) {
        if (allowed.some((one) => one === attempt)) {
          assert.equal(result, 0, `${attempt}: ${nameOf(result)}`);
        } else if (MOVES.test(attempt)) {
          assert.match(nameOf(result), /^(EACCES|EXDEV)$/, attempt);
        } else {
          const expected = refused.some((one) => one === attempt)
            ? "EPERM"
            : OTHER_ANSWERS[attempt] ?? "EACCES";
          assert.equal(nameOf(result), expected, attempt);
        }
      }
      assert.ok(Object.keys(results).length > 45);
      assert.match(notices.join("\n"), notice);
      for (const name of ["readonly", "outside"]) {
        assert.equal(await Deno.readTextFile(`${folder}/${name}/file`), `of ${name}`);
        const names = await Array.fromAsync(
          Deno.readDir(`${folder}/${name}`),
          (entry) => entry.name,
        );
        assert.deepEqual(names, ["file"]);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a confined thread keeps of Deno's permissions what the shim needs", async () => {
  const folder = await makeTree();
  try {
    const { permissions } = await runConfined(folder);
    const { ffi, ...others } = permissions;
    assert.equal(ffi, "granted");
    for (const [name, state] of Object.entries(others)) assert.notEqual(state, "granted", name);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checks of the kernel after a failure have the same results when confined", async () => {
  const folder = await makeTree();
  try {
    const { before, after } = await runConfined(folder);
    assert.deepEqual(after, before);
    assert.equal(after[0], true);
    assert.equal(after.at(-1), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/* ---- the command ------------------------------------------------------------------------------- */

/** Prints a line, first of all. */
const EARLY = `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "early\\n") (data (i32.const 16) "\\00\\00\\00\\00\\06\\00\\00\\00")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))))`;

/** Runs the command under strace, which replaces the result of a Landlock system call. */
async function runWith(folder: string, inject: string, args: string[]) {
  const through = [
    ...[
      "strace",
      "-f",
      "-qq",
      "-X",
      "raw",
      "-o",
      `${folder}/strace`,
      "-e",
      "trace=write,writev,clone3,/^landlock",
    ],
    ...(inject === "" ? [] : ["-e", `inject=${inject}`]),
  ];
  return await runCli(args, { through });
}

async function withEarly(work: (folder: string, module: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder, await assembleTo(`${folder}/early.wasm`, EARLY));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a guest is confined before its first instruction", () =>
  withEarly(async (folder, module) => {
    const { code, stdout, stderr } = await runWith(folder, "", [module]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "early\n", stderr: "" });
    const lines = (await Deno.readTextFile(`${folder}/strace`)).split("\n");
    const wall = lines.findIndex((line) => /landlock_restrict_self.* = 0$/.test(line));
    const said = lines.findIndex((line) => /writev?\(1, .*early/.test(line));
    assert.ok(wall > 0 && said > wall, `${wall} and ${said}`);
  }));

for (const missing of ["ENOSYS", "EOPNOTSUPP", "EPERM"]) {
  const inject = `landlock_create_ruleset:error=${missing}`;
  Deno.test(`without Landlock (${missing}) a guest runs, and --verbose reports it`, () =>
    withEarly(async (folder, module) => {
      const quiet = await runWith(folder, inject, [module]);
      assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "early\n", ""]);
      const { code, stdout, stderr } = await runWith(folder, inject, ["--verbose", module]);
      assert.deepEqual([code, stdout], [0, "early\n"]);
      assert.match(stderr, new RegExp(`^note: Landlock is missing \\(${missing} `, "m"));
    }));

  Deno.test(`--require-landlock runs no guest without Landlock (${missing})`, () =>
    withEarly(async (folder, module) => {
      const { code, stdout, stderr } = await runWith(folder, inject, [
        "--require-landlock",
        module,
      ]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(
        stderr,
        new RegExp(`^error: Cannot confine the guest with Landlock: ${missing}`),
      );
      const hint = missing === "EPERM"
        ? /\nhint: .*container/
        : /\nhint: .*CONFIG_SECURITY_LANDLOCK/;
      assert.match(stderr, hint);
    }));
}

for (
  const [inject, words] of [
    ["landlock_restrict_self:error=E2BIG", /^error: Cannot confine .*E2BIG.*\nhint: .*16 times/],
    ["landlock_create_ruleset:error=ENOMEM:when=2", /^error: Cannot confine .*ENOMEM/],
  ] as const
) {
  Deno.test(`Landlock that fails is an error, required or not: ${inject}`, () =>
    withEarly(async (folder, module) => {
      const { code, stdout, stderr } = await runWith(folder, inject, [module]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, words);
    }));
}

/** Bits of file system access that each version can be asked for; later ones know all. */
const HANDLED = ["", "0x1fff", "0x3fff", "0x7fff", "0x7fff"];

Deno.test("run reports the limit of threads when the broker cannot start", () =>
  withEarly(async (folder, module) => {
    await runWith(folder, "", [module]);
    const threads = (await Deno.readTextFile(`${folder}/strace`)).match(/clone3\(/g)?.length ?? 0;
    // The last one of them; V8's own were there before.
    const inject = `clone3:error=EAGAIN:when=${threads}`;
    const { code, stdout, stderr } = await runWith(folder, inject, [module]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: Cannot confine .*EAGAIN.*\nhint: .*pids\.max/);
  }));

for (let version = 1; version <= KNOWN_VERSION + 3; version++) {
  Deno.test(`a kernel with Landlock ${version} confines a guest, and --verbose reports how far`, () =>
    withEarly(async (folder, module) => {
      const inject = `landlock_create_ruleset:retval=${version}:when=1`;
      const args = ["--require-landlock", "--verbose", module];
      const { code, stdout, stderr } = await runWith(folder, inject, args);
      assert.deepEqual([code, stdout], [0, "early\n"], stderr);
      assert.equal(/Landlock \d of this kernel/.test(stderr), version < KNOWN_VERSION, stderr);
      const trace = await Deno.readTextFile(`${folder}/strace`);
      assert.equal(trace.match(/landlock_restrict_self.* = 0$/gm)?.length, 1);
      const handled = [...trace.matchAll(/handled_access_fs=(0x\w+)/g)].map(([, bits]) => bits);
      assert.deepEqual(handled, [HANDLED[version] ?? "0xffff"]);
    }));
}

for (
  const [place, path] of [
    ["by its path", ACTOR],
    // To look at another process is what a confined thread is denied.
    ["by another process's root", `/proc/${Deno.pid}/root${ACTOR}`],
  ]
) {
  Deno.test(`a probe goes into a binary that the guest may not read, ${place}`, async () => {
    const target = `${path}:wasm_bpf_test_function`;
    const args = ["--require-landlock", "--timeout", "120s", guestPath("attach"), "trace"];
    await using process = new CliProcess([...args, "on_uprobe", target]);
    await process.waitFor(/^attached$/m);
  });
}

Deno.test("no thread shares the guest's table of descriptors, which would make its calls slower", async () => {
  await using process = new CliProcess(["--timeout", "120s", BOOTSTRAP]);
  await process.waitFor(/^TIME /);
  const tasks = await Array.fromAsync(
    Deno.readDir(`/proc/${process.pid}/task`),
    ({ name }) => name,
  );
  const others = tasks.map(Number).filter((task) => task !== process.pid);
  assert.equal(compareTables(process.pid, process.pid), 0);
  assert.ok(others.length > 2);
  for (const task of others) {
    const result = compareTables(process.pid, task);
    // A thread may have ended meanwhile.
    assert.ok(result > 0 || result === -ERRNO.ESRCH[0], `${task}: ${result}`);
  }
});

Deno.test("errands work where threads may not part from their table of descriptors", async () => {
  const through = [
    "strace",
    "-f",
    "-qq",
    "-e",
    "trace=unshare",
    "-e",
    "inject=unshare:error=EPERM",
  ];
  const args = ["--require-landlock", BOOTSTRAP];
  const { code, stdout, stderr } = await runBriefly(args, { through });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^TIME /);
  // The guest's thread, that of its errands, and that which reads the kernel's types.
  assert.equal(stderr.match(/EPERM/g)?.length, 3, stderr);
});

Deno.test("a confined guest's thread holds maps only; its broker has programs and links", async () => {
  await using process = new CliProcess(["--timeout", "120s", BOOTSTRAP]);
  await process.waitFor(/^TIME /);
  const guest = await heldByThread(process.pid, process.pid);
  const all = await heldBy(process.pid);
  assert.deepEqual([guest.prog, guest.link], [[], []]);
  assert.deepEqual(guest.map.toSorted(), all.map.toSorted());
  assert.ok(all.map.length >= 2 && all.prog.length === 2 && all.link.length === 2);
});

Deno.test("the tracer runs where Landlock is required", async () => {
  const { code, stdout, stderr } = await runBriefly([
    ...["--require-landlock", "--stats", BOOTSTRAP],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^TIME /);
  assert.match(stderr, /[1-9][\d.]* MB of the whole process/);
});

/* ---- workers ------------------------------------------------------------------------------------- */

/** Asks the host whether it can read a file: the exit code. */
const ASKING = guest(
  `(call $exit (call $f))`,
  `(import "files" "can_read" (func $f (result i32)))`,
);

for (
  const [sandbox, code] of [
    [undefined, 1],
    [false, 1],
    [true, 0],
    ["required", 0],
  ] as const
) {
  Deno.test(`spawn() with sandbox: ${sandbox}, host functions ${code ? "read" : "cannot read"} files`, async () => {
    const options: SpawnOptions = {
      hostModule: new URL("../embed/files.ts", import.meta.url),
      ...(sandbox === undefined ? {} : { sandbox }),
    };
    assert.deepEqual(await spawn(ASKING, options).exited, { kind: "exited", code });
    // The parent's thread is as it was.
    assert.ok((await Deno.stat(BOOTSTRAP)).isFile);
    assert.equal(Deno.permissions.querySync({ name: "read" }).state, "granted");
  });
}

async function confinedThreads(): Promise<number> {
  const tasks = await Array.fromAsync(Deno.readDir("/proc/self/task"), ({ name }) => name);
  const states = await Promise.all(
    tasks.map((task) => Deno.readTextFile(`/proc/self/task/${task}/status`).catch(() => "")),
  );
  return states.filter((state) => /^NoNewPrivs:\t1$/m.test(state)).length;
}

Deno.test("spawn() without host functions confines the guest's thread", async () => {
  // For an hour: it is interrupted once it was seen.
  await using handle = spawn(guest(sleepMs(3_600_000)));
  await until("one thread is confined", async () => await confinedThreads() === 1);
  handle.interrupt();
  assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
});
