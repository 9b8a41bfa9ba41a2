import assert from "node:assert/strict";
import { added, bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { withTimeouts } from "../support/brief.ts";
import { BOOTSTRAP, CliProcess, guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { assembleTo } from "../support/wat.ts";
import { untilDelivered, untilState } from "../support/process_state.ts";
import { assertTimely, elapsedMs, withAttempts } from "../support/timely.ts";

const SIGINT = 2;

const HEADER = /^TIME .*\n/m;

/** A guest that computes for ever and never calls the host. */
const BUSY = `(module (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))`;

/** A guest that polls nothing but sleeps for ever, whatever the sleep returns. */
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
    // It prints nothing, so both signals are sent until it is gone; the first alone does nothing.
    await untilDelivered(busy.pid, SIGINT);
    busy.kill("SIGINT");
    await untilDelivered(busy.pid, SIGINT);
    busy.kill("SIGINT");
    const { signal } = await busy.result();
    assert.equal(signal, "SIGINT");
  });
});

Deno.test("--timeout ends a guest that does not listen, with exit code 124", async () => {
  await withGuest(DEAF, async (path) => {
    await assertTimely(
      5000,
      () =>
        elapsedMs(async () => assert.equal((await runCli(["--timeout", "100ms", path])).code, 124)),
    );
  });
});

Deno.test("--timeout lets a guest that listens finish", () =>
  withTimeouts((timeoutMs) =>
    assertTimely(timeoutMs + 1700, async () => {
      const run = async () =>
        assert.equal((await runCli(["--timeout", `${timeoutMs}ms`, BOOTSTRAP])).code, 0);
      const elapsed = await elapsedMs(run);
      assert.ok(elapsed >= timeoutMs, `${elapsed} ms`);
      return elapsed;
    })
  ));

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
  // The tracer notices a closed pipe when it writes: give it something to write about.
  let ended = false;
  const output = shell.output().finally(() => ended = true);
  while (!ended) await new Deno.Command("/bin/true").output();
  const { stdout, stderr } = await output;
  assert.match(new TextDecoder().decode(stdout), /^TIME .*\n$/);
  // The guest's own exit code for a closed pipe, or that of a program ended by SIGPIPE.
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

const ABI = guestPath("abi");

Deno.test("SIGSTOP and SIGCONT do not end a poll, which keeps its deadline", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  for (let round = 0; round < 5; round++) {
    guest.kill("SIGSTOP");
    await untilState(guest.pid, "T");
    guest.kill("SIGCONT");
    await untilState(guest.pid, "S");
  }
  assert.equal(guest.stdout, "waiting\n");
  guest.kill("SIGINT");
  assert.equal((await guest.result()).stdout, "waiting\npoll -4\nnext 0\n");
});

Deno.test("an interrupt of a stopped guest is kept for the time after", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  guest.kill("SIGSTOP");
  await untilState(guest.pid, "T");
  guest.kill("SIGINT");
  guest.kill("SIGCONT");
  assert.equal((await guest.result()).stdout, "waiting\npoll -4\nnext 0\n");
});

Deno.test("what a shell's Ctrl-Z, fg and bg send does what it does to any program", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  const status = await Deno.readTextFile(`/proc/${guest.pid}/status`);
  for (const name of ["SigCgt", "SigIgn", "SigBlk"]) {
    const bits = BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1]}`);
    // SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU
    for (const signal of [18n, 20n, 21n, 22n]) {
      assert.equal(bits >> (signal - 1n) & 1n, 0n, `${name} has signal ${signal}`);
    }
  }
});

Deno.test("an interrupt reaches a guest after its events when its buffer is never empty", async () => {
  await using guest = new CliProcess([ABI, "busy"]);
  await guest.waitFor(/busy/);
  guest.kill("SIGINT");
  const { code, stdout } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "busy\npoll -4 after all\n" });
});

Deno.test("--timeout after a Ctrl-C is an interrupt of its own, with its grace", () =>
  withTimeouts(async (timeoutMs) => {
    await using guest = new CliProcess(["--timeout", `${3 * timeoutMs}ms`, ABI, "wait-twice"]);
    await guest.waitFor(/waiting/);
    guest.kill("SIGINT");
    const { code, stdout } = await guest.result();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "waiting\npoll -4\npoll -4\n" });
  }));

Deno.test("Ctrl-C after --timeout ends at once", () =>
  withTimeouts(async (timeoutMs) => {
    await using guest = new CliProcess(["--timeout", `${timeoutMs}ms`, ABI, "wait-twice"]);
    await guest.waitFor(/poll -4/);
    guest.kill("SIGINT");
    const { signal, stdout } = await guest.result();
    assert.deepEqual({ signal, stdout }, { signal: "SIGINT", stdout: "waiting\npoll -4\n" });
  }));

Deno.test("SIGTERM after SIGINT ends a guest that goes on", () =>
  // A guest that waits on for 2 s is ended by the first signal.
  withAttempts(async () => {
    await using guest = new CliProcess([ABI, "wait-twice"]);
    await guest.waitFor(/waiting/);
    guest.kill("SIGINT");
    await guest.waitFor(/poll -4/);
    guest.kill("SIGTERM");
    assert.equal((await guest.result()).signal, "SIGTERM");
  }));

Deno.test("signals sent before the guest runs reach its first poll", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"]);
  await untilDelivered(guest.pid, SIGINT);
  guest.kill("SIGINT");
  const { code, stdout } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "waiting\npoll -4\nnext 0\n" });
});

Deno.test("process 1 of a PID namespace is interrupted, and ended, like any other", async () => {
  // Without a /proc of its own: mounting one takes a root that is a mount point.
  const through = ["unshare", "--pid", "--fork", "--kill-child"];
  await using unshare = new CliProcess([ABI, "wait-twice"], { through });
  await unshare.waitFor(/waiting/);
  const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
  const pid = Number(await Deno.readTextFile(children));
  Deno.kill(pid, "SIGINT");
  await unshare.waitFor(/poll -4/);
  Deno.kill(pid, "SIGINT");
  assert.equal((await unshare.result()).code, 130);
});

Deno.test("nohup keeps a guest alive when its terminal goes, and Ctrl-C still reaches it", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"], { through: ["nohup"] });
  await guest.waitFor(/waiting/);
  guest.kill("SIGHUP");
  guest.kill("SIGINT");
  const { code, stdout } = await guest.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "waiting\npoll -4\nnext 0\n" });
});

Deno.test("SIGALRM without --timeout is none of ours", async () => {
  await using guest = new CliProcess([ABI, "wait-for-interrupt"]);
  await guest.waitFor(/waiting/);
  guest.kill("SIGALRM");
  assert.equal((await guest.result()).signal, "SIGALRM");
});

Deno.test("signals of the command's own guest leave guests in workers alone", async () => {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `
    import { interruptible, runGuest, spawn } from ${module("../../runtime/mod.ts")};
    import { ABI, ENDLESS } from ${module("../support/guests.ts")};
    const begun = [Promise.withResolvers(), Promise.withResolvers()];
    const spawned = [ENDLESS.sleeps, ENDLESS.computes].map((module, i) =>
      spawn(module, { stdio: { stderr: () => begun[i].resolve() } }));
    await Promise.all(begun.map(({ promise }) => promise));
    const args = ["abi.wasm", "wait-for-interrupt"];
    const code = interruptible({}, (interrupt) => runGuest(ABI, { args, interrupt }));
    const ends = await Promise.all(spawned.map((handle) => Promise.race([
      handle.exited.then(() => "ended"),
      // time: a guest that ends would do so meanwhile.
      new Promise((resolve) => setTimeout(() => resolve("alive"), 200)),
    ])));
    await Promise.all(spawned.map((handle) => handle.terminate()));
    Deno.stdout.writeSync(new TextEncoder().encode([code, ...ends].join(" ")));
    Deno.exit(0);`;
  const child = new Deno.Command("deno", {
    args: ["eval", "--no-check", code],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (part.includes("waiting")) child.kill("SIGINT");
  }
  await child.status;
  assert.equal(text, "waiting\npoll -4\nnext 0\n0 alive alive");
});
