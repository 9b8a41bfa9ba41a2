/** Control of a spawned guest: `terminate()`, `pause()`, `resume()`, `interrupt()`, limits. */
import assert from "node:assert/strict";
import { type GuestHandle, GuestStopped, runGuest, spawn } from "../../runtime/mod.ts";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { until, untilSettled } from "../support/condition.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { ABI, ENDLESS, guest, sleepMs, writeLine } from "../support/guests.ts";
import { assertTimely } from "../support/timely.ts";
import {
  collect,
  descriptors,
  failureOf,
  started,
  timed,
  untilNoDescriptors,
} from "../support/spawned.ts";

/** Time after which a guest that does not end is given up: see `runtime/spawn.ts`. */
const GIVEN_UP_MS = 1000;

Deno.test("a guest waits for a slow stream", () => assertTimely(1000, terminateSlow));

/** Terminates a guest whose output a stream takes slowly; milliseconds that it took. */
async function terminateSlow(): Promise<number> {
  let taken = 0;
  let chunks = 0;
  const stdout = new WritableStream<Uint8Array>({
    async write(chunk) {
      taken += chunk.length;
      chunks++;
      // time: a slow stream.
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  });
  const handle = await started(ENDLESS.prints, { stdio: { stdout } });
  await until("ten chunks have arrived", () => chunks >= 10);
  // Pending output holds it up, so it waits without using CPU time.
  assert.ok(taken < 5000);
  const ms = await timed(handle.terminate());
  await stdout.abort();
  return ms;
}

for (const [what, module] of Object.entries(ENDLESS)) {
  Deno.test(`terminate() ends a guest that ${what} within 100 ms`, async () => {
    await assertTimely(100, async () => {
      const handle = await started(module);
      const ms = await timed(handle.terminate());
      assert.deepEqual(await handle.exited, { kind: "terminated" });
      return ms;
    });
  });
}

Deno.test("terminate() ends a guest that is paused, and one that has not started", async () => {
  await assertTimely(100, async () => {
    const paused = await started(ENDLESS.computes);
    paused.pause();
    return await timed(paused.terminate());
  });
  await assertTimely(1000, async () => {
    const early = spawn(ENDLESS.computes);
    const ms = await timed(early.terminate());
    assert.deepEqual(await early.terminate(), { kind: "terminated" });
    return ms;
  });
});

Deno.test("terminate() in a poll releases programs, links, maps and descriptors", async () => {
  // Most of this time is the kernel's grace period for detaching a tracepoint.
  await assertTimely(400, async () => {
    const before = await bpfState();
    await untilNoDescriptors();
    const { handle, text } = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
    await until("it polls", () => /waiting/.test(text()));
    assert.ok(descriptors().length > 3);
    const ms = await timed(handle.terminate());
    assert.deepEqual(await handle.exited, { kind: "terminated" });
    // One that gets no processor for so long is given up before it has released them.
    if (ms < GIVEN_UP_MS) assert.deepEqual(descriptors(), []);
    await untilNothingAdded(before);
    return ms;
  });
});

Deno.test("terminate() ends a guest whose standard output is a pipe that is never read", async () => {
  const code = `
    import { spawn } from ${JSON.stringify(new URL("../../runtime/mod.ts", import.meta.url).href)};
    import { ENDLESS } from ${
    JSON.stringify(new URL("../support/guests.ts", import.meta.url).href)
  };
    import { until } from ${
    JSON.stringify(new URL("../support/condition.ts", import.meta.url).href)
  };
    const handle = spawn(ENDLESS.prints);
    // The worker sleeps in poll(2), on one descriptor: it waits for room in the pipe.
    const isHeldUp = (thread) =>
      /^7 \\S+ 0x1 /.test(Deno.readTextFileSync(thread + "/syscall")) &&
      /\\(worker/.test(Deno.readTextFileSync(thread + "/stat"));
    const threads = () => [...Deno.readDirSync("/proc/self/task")].map(({ name }) =>
      "/proc/self/task/" + name);
    await until("the guest is held up", () => threads().some(isHeldUp));
    const start = performance.now();
    await handle.terminate();
    const ms = performance.now() - start;
    await Deno.stderr.write(new TextEncoder().encode("took " + ms));
    Deno.exit(0);`;
  await assertTimely(100, async () => {
    const child = new Deno.Command("deno", {
      args: ["eval", "--no-check", code],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stderr = await new Response(child.stderr).text();
    await child.stdout.cancel();
    await child.status;
    const [, ms = ""] = /^took ([\d.]+)$/m.exec(stderr) ?? assert.fail(stderr);
    return Number(ms);
  });
});

Deno.test("pause() halts a guest that computes, and resume() continues it", async () => {
  // About 200 ms of computing, if it is not paused.
  const rounds = guest(`(local $n i32) (local.set $n (i32.const 200000000))
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`);
  await using handle = spawn(rounds);
  handle.pause();
  let ended = false;
  void handle.exited.then(() => ended = true);
  // time: five times the computing, in which a paused guest must not end.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(ended, false);
  handle.resume();
  assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
});

Deno.test("pause() halts a guest that prints, and resume() continues it", async () => {
  const { handle, text } = collect(ENDLESS["sleeps shortly"]);
  await handle.terminate();
  assert.equal(text(), "");
  const printing = collect(guest(`(loop $again ${sleepMs(1)} ${writeLine(1)} (br $again))`));
  await using spawned = printing.handle;
  await until("it prints", () => printing.text() !== "");
  spawned.pause();
  const before = await untilSettled("it prints no more", printing.text);
  spawned.resume();
  await until("it prints on", () => printing.text().length > before.length);
});

Deno.test("interrupt() makes a poll return, as Ctrl-C does", async () => {
  const { handle, text } = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
  await until("it polls", () => /waiting/.test(text()));
  handle.interrupt();
  assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
  assert.equal(text(), "waiting\npoll -4\nnext 0\n");
});

Deno.test("limits.timeMs stops a guest that computes, and one that is paused", async () => {
  for (const pause of [false, true]) {
    const handle = spawn(ENDLESS.computes, { limits: { timeMs: 300 } });
    if (pause) handle.pause();
    const error = await failureOf(handle.exited);
    assert.ok(error instanceof GuestStopped);
    assert.equal(error.code, "LIMIT_TIME");
  }
});

Deno.test("limits.timeMs may exceed the range of a timer, or be infinite", async () => {
  for (const timeMs of [2 ** 31, 2 ** 53, Infinity]) {
    const { handle, text } = collect(guest(`${sleepMs(50)} ${writeLine(1)}`), {
      limits: { timeMs },
    });
    assert.deepEqual(await handle.exited, { kind: "exited", code: 0 });
    assert.equal(text(), "line\n");
  }
  assert.equal(runGuest(guest(sleepMs(10)), { limits: { timeMs: Infinity } }), 0);
});

Deno.test("stop requests after a guest's last instruction do not interrupt the release", async () => {
  const before = await bpfState();
  await untilNoDescriptors();
  // The kernel takes milliseconds to detach each.
  const { handle, text } = collect(objectGuest(
    "events",
    `(loop $more
       (drop (call $link (local.get $object) (i32.const ${TEXT}) (i32.const 0)))
       (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
     ${writeLine(1)} (call $exit (i32.const 7))`,
    { texts: ["nothing"] },
  ));
  const held = () => descriptors().length;
  await until("it has attached", () => text() !== "");
  // Fewer than the links alone.
  await until("the release begins", () => held() < 60);
  assert.deepEqual(await handle.terminate(), { kind: "exited", code: 7 });
  await untilNothingAdded(before);
});

Deno.test("an aborted signal stops the guest, with its reason", async () => {
  const controller = new AbortController();
  const handle = await started(ENDLESS.sleeps, { signal: controller.signal });
  controller.abort("enough");
  const error = await failureOf(handle.exited);
  assert.equal(error.code, "ABORTED");
  assert.equal(error.cause, "enough");
});

Deno.test("a handle that goes out of scope ends its guest", async () => {
  let handle: GuestHandle;
  {
    await using inside = spawn(ENDLESS.sleeps);
    handle = inside;
  }
  assert.deepEqual(await handle.exited, { kind: "terminated" });
});
