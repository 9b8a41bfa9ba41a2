import assert from "node:assert/strict";
import { Background } from "../support/background.ts";
import { CliProcess, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { bindDatagram } from "../support/libc_datagram.ts";
import { assembleTo, SLEEPING } from "../support/wat.ts";

async function write(path: string, names: readonly string[], module: string): Promise<void> {
  const runs = names.map((name) =>
    `  - name: ${name.split("=")[0]}
    run: ${module}
    args: ["${name}"]
`
  );
  await Deno.writeTextFile(path, `runs:\n${runs.join("")}`);
}

Deno.test("up keeps what did not change on SIGHUP, notifies its manager, and down ends it", async () => {
  await using runs = new Background();
  const module = await assembleTo(`${runs.folder}/sleep.wasm`, SLEEPING);
  const file = `${runs.folder}/runs.yaml`;
  const socket = `${runs.folder}/notify`;
  await write(file, ["a", "b=1"], module);
  using manager = bindDatagram(socket);
  const messages: string[] = [];
  const hasMessage = (test: (text: string) => boolean) => {
    for (let text = manager.receive(); text !== ""; text = manager.receive()) messages.push(text);
    return messages.some(test);
  };
  // Read all the time: the socket holds ten messages, and the service drops others after a second.
  using _reading = every(20, () => hasMessage(() => false));
  await using up = new CliProcess(["up", file], {
    env: { ...runs.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "400000" },
  });
  await until("it is ready", () => hasMessage((text) => text.startsWith("READY=1")));
  await until("the watchdog is served", () => hasMessage((text) => text === "WATCHDOG=1"));
  const [a, b] = [await runs.shown("a"), await runs.shown("b")];
  assert.deepEqual([a.status, b.status, a.supervisor?.pid], ["running", "running", up.pid]);
  // A run of a file is not ended by itself.
  assert.match((await runs.cli("stop", "a")).stderr, /belongs to/);
  await write(file, ["a", "b=2", "c"], module);
  up.kill("SIGHUP");
  await until("it reloads", () => hasMessage((text) => text === "READY=1\nSTATUS=3 runs"));
  assert.ok(messages.some((text) => /^RELOADING=1\nMONOTONIC_USEC=\d+$/.test(text)));
  assert.equal((await runs.shown("a")).process?.pid, a.process?.pid);
  assert.notEqual((await runs.shown("b")).process?.pid, b.process?.pid);
  assert.equal((await runs.shown("c")).status, "running");
  await Deno.writeTextFile(file, "runs: [{name: a}]");
  up.kill("SIGHUP");
  await until(
    "the error is reported",
    () => /line 1: .*missing "run"/.test(up.stderr),
  );
  assert.equal((await runs.shown("a")).process?.pid, a.process?.pid);
  assert.equal(await runs.out("down", file), "a\nb\nc\n");
  const { code } = await up.result();
  assert.equal(code, 0);
  assert.ok(hasMessage((text) => text === "STOPPING=1"));
  assert.deepEqual([await runs.out("ps", "-aq"), runs.processes()], ["", []]);
});

/** Does something again and again, while commands run. */
function every(ms: number, act: () => void): Disposable {
  // time: nothing waits for it
  const timer = setInterval(act, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Guest that prints 3 MB, and sleeps. */
const PRINTING = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\\01\\00\\00\\00\\00\\00\\00\\00\\00\\a0\\b8\\30\\46\\03\\00\\00")
  (data (i32.const 200) "\\00\\04\\00\\00\\e8\\03\\00\\00")
  (func (export "_start") (local $i i32)
    (memory.fill (i32.const 1024) (i32.const 120) (i32.const 999))
    (i32.store8 (i32.const 2023) (i32.const 10))
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 208)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 3000))))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))`;

Deno.test("up keeps logs and ends while its output is not read", async () => {
  await using runs = new Background();
  const module = await assembleTo(`${runs.folder}/print.wasm`, PRINTING);
  const file = `${runs.folder}/runs.yaml`;
  await write(file, ["a"], module);
  const up = new Deno.Command(WASM_BPF, {
    args: ["up", file],
    env: runs.env,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const log = `${runs.env["XDG_STATE_HOME"]}/wasm-bpf/runs/a/log`;
    await until("everything is in the log", () => sizeOf(log) > 3_000_000);
    up.kill("SIGTERM");
    assert.equal((await up.status).code, 0);
    assert.equal((await runs.shown("a")).status, "ended");
  } finally {
    try {
      up.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await up.stdout.cancel();
    await up.status;
  }
});

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

Deno.test("up starts nothing if one run is wrong, and names its line", async () => {
  await using runs = new Background();
  const module = await assembleTo(`${runs.folder}/sleep.wasm`, SLEEPING);
  const file = `${runs.folder}/runs.yaml`;
  await Deno.writeTextFile(
    file,
    `runs:
  - name: good
    run: ${module}
  - name: bad
    run: ${module}
    options: { timeout: soon }
`,
  );
  const { code, stderr } = await runs.cli("up", file);
  assert.equal(code, 1);
  assert.match(stderr, /line 4: run "bad": Cannot use --timeout "soon"/);
  assert.equal(await runs.out("ps", "-aq"), "");
});
