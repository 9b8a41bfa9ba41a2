import assert from "node:assert/strict";
import { added, bpfState, untilNothingAdded } from "./support/bpf_state.ts";
import { BOOTSTRAP, CliProcess, runCli, WASM_BPF } from "./support/cli.ts";
import { assembleTo } from "./support/wat.ts";

const HEADER = /^TIME .*\n/m;

/** A guest that computes for ever and never calls the host. */
const BUSY = `(module (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))`;

/** A guest that polls nothing but sleeps for ever, whatever the sleep answers. */
const DEAF = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 24) (i64.const 10000000000))
    (loop $again
      (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
      (br $again))))`;

async function withGuest(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    await use(await assembleTo(path, text));
  } finally {
    await Deno.remove(path);
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`the first ${signal} lets the guest finish`, async () => {
    await using tracer = new CliProcess([BOOTSTRAP]);
    await tracer.waitFor(HEADER);
    tracer.kill(signal);
    const { code, signal: ended } = await tracer.result();
    assert.deepEqual({ code, ended }, { code: 0, ended: null });
  });
}

Deno.test("a second SIGINT ends a guest that only computes", async () => {
  await withGuest(BUSY, async (path) => {
    await using busy = new CliProcess([path]);
    // It says nothing, so both signals are sent until it is gone; the first alone does nothing.
    await delivered(busy.pid);
    busy.kill("SIGINT");
    await delivered(busy.pid);
    busy.kill("SIGINT");
    const { signal } = await busy.result();
    assert.equal(signal, "SIGINT");
  });
});

Deno.test("--timeout ends a guest that does not listen, with exit code 124", async () => {
  await withGuest(DEAF, async (path) => {
    const start = performance.now();
    const { code } = await runCli(["--timeout", "100ms", path]);
    assert.equal(code, 124);
    assert.ok(performance.now() - start < 5000);
  });
});

Deno.test("--timeout lets a guest that listens finish", async () => {
  const start = performance.now();
  const { code } = await runCli(["--timeout", "300ms", BOOTSTRAP]);
  const elapsed = performance.now() - start;
  assert.equal(code, 0);
  assert.ok(elapsed >= 300 && elapsed < 2000, `${elapsed} ms`);
});

Deno.test("a signal that was ignored at the start stays ignored", async () => {
  await using tracer = new CliProcess([BOOTSTRAP], {
    through: ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh"],
  });
  await tracer.waitFor(HEADER);
  tracer.kill("SIGINT");
  tracer.kill("SIGINT");
  tracer.kill("SIGTERM");
  const { code, signal } = await tracer.result();
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
});

Deno.test("output into head ends quietly, and nothing is left in the kernel", async () => {
  const before = await bpfState();
  const script = `("$0" "$1"; echo "code $?" >&2) | head -n 1`;
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", script, WASM_BPF, BOOTSTRAP],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // The tracer notices that nobody reads when it writes: give it something to write about.
  let ended = false;
  const output = shell.output().finally(() => ended = true);
  while (!ended) await new Deno.Command("/bin/true").output();
  const { stdout, stderr } = await output;
  assert.match(new TextDecoder().decode(stdout), /^TIME .*\n$/);
  // The guest's own answer to a closed pipe, or that of a program ended by SIGPIPE.
  assert.match(new TextDecoder().decode(stderr), /^code (0|141)\n$/);
  await untilNothingAdded(before);
});

Deno.test("SIGKILL leaves nothing in the kernel", async () => {
  const before = await bpfState();
  await using tracer = new CliProcess([BOOTSTRAP]);
  await tracer.waitFor(HEADER);
  const { prog, map } = await added(before);
  assert.ok(prog.length >= 2 && map.length >= 2);
  tracer.kill("SIGKILL");
  assert.equal((await tracer.result()).signal, "SIGKILL");
  await untilNothingAdded(before);
});

/** Waits until a process handles SIGINT, as the kernel tells, and has none pending. */
async function delivered(pid: number): Promise<void> {
  for (let round = 0; round < 500; round++) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const bits = (name: string) =>
      BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1] ?? 0}`);
    const int = 1n << 1n;
    if ((bits("SigCgt") & int) !== 0n && (bits("ShdPnd") & int) === 0n) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the process never came to handle SIGINT");
}
