/** Guests that take no notice of a signal are ended by it, but those that are at work. */
import assert from "node:assert/strict";
import { interruptible, runGuest } from "../../runtime/mod.ts";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { CliProcess, runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { TestFolder } from "../support/folder.ts";
import { ENDLESS, guest, sleepMs, writeLine } from "../support/guests.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";

/** Has a program attached, and polls for ever whatever the result is. */
const POLLS = objectGuest(
  "events",
  `(local.set $i (call $map (local.get $object) (i32.const ${TEXT})))
   (drop (call $attach (local.get $object) (i32.const ${TEXT + 64}) (i32.const 0)))
   ${writeLine(2)}
   (loop $again
     (drop (call $events (local.get $object) (local.get $i) (i32.const 0) (i32.const 0)
       (i32.const 128) (i32.const 64) (i32.const 100)))
     (br $again))`,
  {
    texts: ["ring", "nothing"],
    more: `(table (export "__indirect_function_table") 1 funcref) (elem (i32.const 0) $on)
      (func $on (param i32 i32 i32) (result i32) (i32.const 0))`,
  },
);

const WAITING = {
  "polls": POLLS,
  "sleeps shortly": ENDLESS["sleeps shortly"],
  "sleeps for an hour": ENDLESS.sleeps,
};

async function written(folder: TestFolder, { bytes }: { bytes: Uint8Array }): Promise<string> {
  const path = folder.at("guest.wasm");
  await Deno.writeFile(path, bytes);
  return path;
}

for (const [what, module] of Object.entries(WAITING)) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.test(`one ${signal} ends a guest that ${what}, and what it had is released`, async () => {
      using folder = new TestFolder();
      const before = await bpfState();
      await using run = new CliProcess(["--stats", await written(folder, module)]);
      await until("the guest runs", () => run.stderr.includes("line"));
      run.kill(signal);
      const result = await run.result();
      assert.equal(result.signal, signal);
      // Printed after everything is released.
      assert.match(result.stderr, /memory/);
      await untilNothingAdded(before);
    });
  }

  Deno.test(`--timeout ends a guest that ${what} with exit code 124`, async () => {
    using folder = new TestFolder();
    const { code, signal } = await runCli(["--timeout", "200ms", await written(folder, module)]);
    assert.deepEqual({ code, signal }, { code: 124, signal: null });
  });
}

Deno.test("a guest may work, write and read available input after a signal", async () => {
  using folder = new TestFolder();
  // Ten polls that do not wait, computing for longer than a wait may last, and two short sleeps.
  const module = guest(
    `(local $i i32)
     ${writeLine(2)} ${sleepMs(3_600_000)}
     (i64.store (i32.const 24) (i64.const 0))
     (loop $polls
       (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br_if $polls (i32.lt_u (local.get $i) (i32.const 10))))
     (local.set $i (i32.const 0))
     (loop $computes
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br_if $computes (i32.lt_u (local.get $i) (i32.const 1500000000))))
     ${sleepMs(1)} ${sleepMs(1)} ${writeLine(1)} (call $exit (i32.const 9))`,
  );
  await using run = new CliProcess([await written(folder, module)]);
  await until("the guest runs", () => run.stderr.includes("line"));
  run.kill("SIGTERM");
  const { code, stdout } = await run.result();
  assert.deepEqual({ code, stdout }, { code: 9, stdout: "line\n" });
});

Deno.test("interruptible() returns the code of a guest that was ended, to an embedder", () => {
  const code = interruptible(
    { timeoutMs: 100 },
    (interrupt) => runGuest(ENDLESS["sleeps shortly"], { interrupt, stdio: { stderr: "null" } }),
  );
  assert.equal(code, 124);
});

Deno.test("Ctrl-C on a terminal reports after a second that the module is waited for", async () => {
  using folder = new TestFolder();
  const path = await written(folder, ENDLESS.computes);
  const child = new Deno.Command("script", {
    args: ["-qefc", `exec '${WASM_BPF}' '${path}'`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  const read = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) text += part;
  })();
  const writer = child.stdin.getWriter();
  const ctrlC = () => writer.write(Uint8Array.of(3));
  await until("the guest runs", () => text.includes("line"));
  await ctrlC();
  await until("a line appears", () => /waiting for the module/.test(text));
  await ctrlC();
  await read;
  await child.status;
  await writer.close().catch(() => {});
});
