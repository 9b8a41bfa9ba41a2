/** Late errors of the kernel: errors of close(2), files that block, limits of size. */
import assert from "node:assert/strict";
import { compileGuest, spawn } from "../../runtime/mod.ts";
import { succeed } from "../support/actor.ts";
import { withTimeouts } from "../support/brief.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { MOUNT_TRACEFS, privateMounts } from "../support/mounts.ts";
import { answersOf } from "../support/wasi_errno.ts";
import "../support/whole_shim.ts";

const GUEST = guestPath("escape");

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/given`);
    await Deno.writeTextFile(`${folder}/given/file`, "content");
    await Deno.writeTextFile(`${folder}/given/other`, "of the other");
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const error of ["EIO", "ENOSPC", "EDQUOT"]) {
  Deno.test(`close(2) that fails with ${error} is returned to the guest, and the descriptor is gone`, () =>
    withFolder(async (folder) => {
      const trace = ["-e", "trace=close", "-e", `inject=close:error=${error}`];
      const through = [
        ...["strace", "-f", "-qq", "-o", "/dev/null", "-P", `${folder}/given/file`],
        ...trace,
      ];
      const { code, stdout, stderr } = await runCli([
        ...["--dir", `${folder}/given::/given`, GUEST],
        ...["open 3 file - w", "close $1", "close $1", "read $1"],
        ...["open 3 file - w", "open 3 other - r", "renumber $3 $2", "read $2", "read $3"],
      ], { through });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.deepEqual(answersOf(stdout), [
        ...["SUCCESS fd", error, "EBADF", "EBADF"],
        ...["SUCCESS fd", "SUCCESS fd", error, 'SUCCESS "of the other"', "EBADF"],
      ]);
    }));
}

/**
 * A folder of tracefs for this test alone, granted as descriptor 3; `during` runs in the background, and
 * its function `opened` waits until the guest has a file open.
 */
function withTracefs(during: string): string[] {
  const script = `${MOUNT_TRACEFS}
    mkdir /sys/kernel/tracing/instances/wasm-bpf-$$; cd /sys/kernel/tracing/instances/wasm-bpf-$$
    pid=$(mktemp)
    has_open() { ls -l /proc/$(cat "$pid")/task/*/fd 2>/dev/null | grep -q "$1"; }
    # time: between two looks.
    opened() { i=0; until has_open "$1" || [ $((i += 1)) -gt 200 ]; do sleep 0.05; done; }
    ( ${during} ) & sh -c 'echo $$ >"$0"; exec "$@"' "$pid" "$@"; code=$?
    wait; rm "$pid"; cd /; rmdir /sys/kernel/tracing/instances/wasm-bpf-$$
    exit $code`;
  return [...privateMounts("/sys"), "/bin/sh", "-c", script, "sh"];
}

Deno.test("a read of a file that has nothing yet waits until there is something", async () => {
  const through = withTracefs("opened trace_pipe; echo of the test > trace_marker");
  const { code, stdout, stderr } = await runCli([
    ...["--dir", ".::/t::ro", "--timeout", "120s", GUEST],
    ...["open 3 trace_pipe - r", "read $1"],
  ], { through });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^0 ".*of the test$/m);
});

Deno.test("an interrupt ends a read of a file that has nothing", async () => {
  const through = withTracefs("true");
  await withTimeouts(async (timeoutMs) => {
    const { code, stdout } = await runCli([
      ...["--dir", ".::/t::ro", "--timeout", `${timeoutMs}ms`, GUEST],
      ...["open 3 trace_pipe - r", "read $1"],
    ], { through });
    assert.equal(code, 0);
    assert.match(stdout, /^0 ""$/m);
  });
});

Deno.test("a file beyond what files may have is EFBIG, and not the end of the process", () =>
  withFolder(async (folder) => {
    const { code, stdout, stderr } = await runCli([
      ...["--dir", `${folder}/given::/given`, GUEST, "open 3 file - a", "size $1 1000000000"],
    ], { through: ["prlimit", "--fsize=100000000"] });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(answersOf(stdout), ["SUCCESS fd", "EFBIG"]);
  }));

Deno.test("the same of a guest of spawn()", () =>
  withFolder(async (folder) => {
    const limit = (size: string) => succeed("prlimit", `--pid=${Deno.pid}`, `--fsize=${size}:`);
    const module = compileGuest(await Deno.readFile(GUEST), "escape");
    let text = "";
    await limit("100000000");
    try {
      await using handle = spawn(module, {
        args: ["escape", "open 3 file - a", "size $1 1000000000"],
        preopens: [{ host: `${folder}/given`, guest: "/given" }],
        stdio: { stdout: (bytes) => void (text += new TextDecoder().decode(bytes)) },
      });
      assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
    } finally {
      await limit("unlimited");
    }
    assert.deepEqual(answersOf(text), ["SUCCESS fd", "EFBIG"]);
  }));
