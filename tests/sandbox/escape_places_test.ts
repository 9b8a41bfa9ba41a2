/** Escapes through parts of the host: /proc, mounts, descriptors, the environment. */
import assert from "node:assert/strict";
import { CliProcess, guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { EscapeTree, isFromOutside, OUTSIDE } from "../support/escape_tree.ts";
import { privateMounts } from "../support/mounts.ts";
import { answersOf } from "../support/wasi_errno.ts";

const GUEST = guestPath("escape");

for (
  const [path, answer] of [
    ["self/root", /^ELOOP$/],
    ["self/root/etc/passwd", /^ELOOP$/],
    ["self/cwd", /^ELOOP$/],
    ["self/exe", /^ELOOP$/],
    ["self/fd/0", /^ELOOP$/],
    ["self/fd/3", /^ELOOP$/],
    ["self/ns/net", /^ELOOP$/],
    ["self/task/../root", /^ELOOP$/],
    ["thread-self/root", /^ELOOP$/],
    // To look at another process is refused before its link is.
    ["1/root/etc/passwd", /^(ELOOP|EACCES)$/],
    ["self/../../etc/passwd", /^ENOTCAPABLE$/],
  ] as const
) {
  Deno.test(`no way out by a granted /proc: ${path}`, async () => {
    const commands = [`open 3 ${path} - r`, "read $1", `stat 3 ${path} 1`];
    const { code, stdout, stderr } = await runCli(["--dir", "/proc::/p::ro", GUEST, ...commands]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const [opened = "", read, looked = ""] = answersOf(stdout);
    assert.match(opened, answer);
    assert.equal(read, "EBADF");
    assert.match(looked, answer);
  });
}

/** Files of the process itself, which show its memory and environment, or change how it runs. */
const OWN = [
  "mem",
  "environ",
  "maps",
  "pagemap",
  "auxv",
  "fdinfo",
  "attr/current",
  "oom_score_adj",
];

/** Runs the guest with its own PID in place of PID in its commands. */
async function withOwnPid(
  options: readonly string[],
  commands: readonly string[],
  through: readonly string[],
): Promise<string[]> {
  const script = 'for word; do words+=("${word//PID/$$}"); done; exec "${words[@]}"';
  const { code, stdout, stderr } = await runCli([...options, GUEST, ...commands], {
    through: [...through, "/bin/bash", "-c", script, "bash"],
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return answersOf(stdout);
}

for (
  const [title, through] of [
    ["of the same PID namespace", []],
    // /proc stays that of the namespace outside, where the process has another number.
    ["of a PID namespace outside", ["unshare", "--pid", "--fork"]],
  ] as const
) {
  Deno.test(`a module opens no file that shows or changes its own process, in a procfs ${title}`, async () => {
    const starts = [
      "self",
      "thread-self",
      ...(through.length === 0 ? ["PID", "self/task/PID"] : []),
    ];
    const files = starts.flatMap((start) => OWN.map((name) => `${start}/${name}`));
    for (
      const [granted, modes] of [["/proc::/p::ro", ["r"]], ["/proc::/p", ["r", "w", "rw"]]] as const
    ) {
      const commands = files.flatMap((path) => modes.map((mode) => `open 3 ${path} - ${mode}`));
      const answers = await withOwnPid(["--dir", granted], commands, through);
      assert.equal(answers.length, commands.length);
      for (const [i, answer] of answers.entries()) {
        assert.match(answer, /^(EACCES|EISDIR)$/, `${granted}: ${commands[i]}`);
      }
    }
    const readable = ["self/status", "self/net/dev", "net/dev", "mounts", "1/comm", "stat"];
    const commands = readable.map((path) => `open 3 ${path} - r`);
    const opened = await withOwnPid(["--dir", "/proc::/p::ro"], commands, through);
    assert.ok(opened.every((answer) => answer.startsWith("SUCCESS")), opened.join());
  });
}

Deno.test("a module sees no descriptor of the process, nor its environment", async () => {
  const script = 'exec 7</etc/passwd 9</etc; exec "$@"';
  const commands = ["fds", "read 7", "open 9 passwd - r", "renumber 7 0", "environ"];
  const { code, stdout, stderr } = await runCli([GUEST, ...commands], {
    through: ["/bin/bash", "-c", script, "bash"],
    env: { SECRET: "of the process" },
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(answersOf(stdout), ["SUCCESS 0 1 2", "EBADF", "EBADF", "EBADF", "SUCCESS"]);
});

Deno.test("a module cannot use standard input as a folder", async () => {
  const commands = [
    "open 0 passwd - r",
    "readdir 0",
    "stat 0 passwd 1",
    "mkdir 0 new",
    "prestat 0",
  ];
  const { code, stdout, stderr } = await runCli([GUEST, ...commands], {
    through: ["/bin/sh", "-c", 'exec "$@" </etc', "sh"],
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(answersOf(stdout), [
    ...["ENOTCAPABLE", "ENOTCAPABLE", "ENOTCAPABLE", "ENOTCAPABLE", "EBADF"],
  ]);
});

Deno.test("a module sees the variables that it is given, and no others", async () => {
  const args = ["--env", "GIVEN=1", "--env", "TAKEN", GUEST, "environ"];
  const { stdout } = await runCli(args, { env: { SECRET: "2", TAKEN: "3" } });
  assert.deepEqual(answersOf(stdout), ["SUCCESS GIVEN=1 TAKEN=3"]);
});

Deno.test("what is mounted in a granted folder belongs to it, and no more", async () => {
  await using tree = await EscapeTree.create();
  // Below /sys, which is a mount point everywhere.
  const script = `set -e
    root=/sys/fs/bpf; mount -t tmpfs none "$root"; mkdir -p "$root/rw/mounted"
    mount --bind "$1/outside" "$root/rw/mounted"; shift
    exec "$@"`;
  const commands = [
    ...["open 3 mounted/file - r", "read $1", "open 3 mounted/../mounted/file - r"],
    ...["open 3 mounted/../../file - r", "open 3 mounted/link - r", "mkdir 3 mounted/../../new"],
    ...["open 3 mounted d d d", "open $5 .. d d", "open $5 ../../file - r"],
  ];
  const [unshare = "", ...words] = privateMounts("/sys");
  const { code, stdout, stderr } = await new Deno.Command(unshare, {
    args: [
      ...[...words, "/bin/sh", "-c", script, "sh", tree.path],
      ...[WASM_BPF, "--dir", "/sys/fs/bpf/rw::/rw", GUEST, ...commands],
    ],
  }).output();
  const decoder = new TextDecoder();
  assert.deepEqual({ code, stderr: decoder.decode(stderr) }, { code: 0, stderr: "" });
  assert.deepEqual(answersOf(decoder.decode(stdout)), [
    ...["SUCCESS fd", `SUCCESS "${OUTSIDE}"`, "SUCCESS fd"],
    ...["ENOTCAPABLE", "SUCCESS fd", "ENOTCAPABLE"],
    ...["SUCCESS fd", "ENOTCAPABLE", "ENOTCAPABLE"],
  ]);
});

Deno.test("a folder that the host moves away leads nowhere, and is out of reach", async () => {
  await using tree = await EscapeTree.create();
  const commands = [
    ...[
      "open 3 dir/deep d 24e202 24e202",
      "await 3 moved",
      "open $1 ../file - r",
      "open $1 .. d d",
    ],
    ...["open $1 file - r", "mkdir $1 new", "open 3 dir/deep d d"],
  ];
  const args = ["--timeout", "120s", "--dir", `${tree.path}/rw::/rw`, GUEST, ...commands];
  await using guest = new CliProcess(args);
  await guest.waitFor(/fd\n/);
  await Deno.rename(`${tree.path}/rw/dir/deep`, `${tree.path}/outside/deep`);
  const before = await tree.outside();
  await Deno.writeTextFile(`${tree.path}/rw/moved`, "");
  const { code, stdout, stderr } = await guest.result();
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(answersOf(stdout), [
    ...["SUCCESS fd", "SUCCESS", "ENOTCAPABLE", "ENOTCAPABLE"],
    // It is beneath its own descriptor, but no longer in what was granted.
    ...["EACCES", "EACCES", "ENOENT"],
  ]);
  assert.equal(isFromOutside(stdout), false);
  assert.equal(await tree.outside(), before);
});
