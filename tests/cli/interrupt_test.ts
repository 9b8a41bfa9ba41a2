/** Interrupts of calls that the kernel would go on with for ever, or for long. */
import assert from "node:assert/strict";
import {
  type GuestHandle,
  type GuestModule,
  GuestStopped,
  runGuest,
  spawn,
} from "../../runtime/mod.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { writeLine } from "../support/guests.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { until } from "../support/condition.ts";
import { workersMs } from "../support/process_state.ts";
import { assertTimely, elapsedMs } from "../support/timely.ts";

/** Reads from an iterator whose program asks for the first element again and again; exits with errno. */
const ITERATES = objectGuest(
  "iterators",
  `${writeLine(1)} (call $exit (i32.sub (i32.const 0) (call $iterate
    (call $link (local.get $object) (i32.const ${TEXT}) (i32.const 0))
    (i32.const 0) (i32.const 64))))`,
  { texts: ["again"] },
);

/** Pushes what is in the rest of its memory to a queue again and again; exits with errno. */
const PUSHES = objectGuest(
  "iterators",
  `(local.set $i (call $map (local.get $object) (i32.const ${TEXT})))
   (drop (memory.grow (i32.const 8191)))
   (i32.store (i32.const 0) (i32.const 536805376))
   ${writeLine(1)}
   (call $exit (i32.add
     (i32.sub (i32.const 0) (call $batch (local.get $i) (i32.const 26) (i32.const 0) (i32.const 0)
       (i32.const 0) (i32.const 65536) (i32.const 0) (i64.const 2)))
     (i32.mul (i32.const 100)
       (i32.and (i32.gt_u (i32.load (i32.const 0)) (i32.const 0))
         (i32.lt_u (i32.load (i32.const 0)) (i32.const 536805376))))))`,
  { texts: ["queue"] },
);

const EINTR = 4;

/** A guest, and the code it exits with when it is interrupted. */
const LONG: Record<string, [GuestModule, number]> = {
  "an iterator that goes on for ever": [ITERATES, EINTR],
  "a batch of half a billion single operations": [PUSHES, 100 + EINTR],
};

/** Runs a guest in a worker; resolves when it has begun. */
async function begun(module: GuestModule): Promise<GuestHandle> {
  const line = Promise.withResolvers<void>();
  const handle = spawn(module, { stdio: { stdout: () => line.resolve() } });
  await line.promise;
  // Only the call computes.
  const before = workersMs();
  await until("it is in the call", () => workersMs() - before > 20);
  return handle;
}

for (const [what, [module, code]] of Object.entries(LONG)) {
  Deno.test(`limits.timeMs ends ${what}`, () =>
    assertTimely(1000, () =>
      elapsedMs(() =>
        assert.throws(
          () => runGuest(module, { limits: { timeMs: 200 }, stdio: { stdout: "null" } }),
          (error: GuestStopped) => error instanceof GuestStopped && error.code === "LIMIT_TIME",
        )
      )));

  Deno.test(`an interrupt ends ${what}, and the guest goes on`, () =>
    assertTimely(1000, async () => {
      await using handle = await begun(module);
      handle.interrupt();
      return await elapsedMs(async () =>
        assert.deepEqual(await handle.exited, { kind: "exited", code })
      );
    }));

  Deno.test(`terminate() ends ${what}`, () =>
    // Less than a worker is given until it is given up.
    assertTimely(900, async () => {
      const handle = await begun(module);
      return await elapsedMs(async () =>
        assert.deepEqual(await handle.terminate(), { kind: "terminated" })
      );
    }));
}

Deno.test("stats() resolves while an iterator goes on for ever", async () => {
  await using handle = await begun(ITERATES);
  assert.equal((await handle.stats()).final, false);
});

/** Counts the main thread's bpf(2) in a trace before the first of a command. */
function before(trace: string, command: string): number {
  const thread = new RegExp(`^(\\d+) .*bpf\\(${command}\\b`, "m").exec(trace)?.[1] ?? "";
  const calls = [...trace.matchAll(new RegExp(`^${thread} .*bpf\\((\\w+)`, "gm"))];
  return calls.findIndex(([, name]) => name === command);
}

Deno.test("a lookup batch that a kernel before 6.14 gives up is not an interrupt", async () => {
  const trace = await Deno.makeTempFile();
  const args = [guestPath("ext"), "batch-others"];
  const run = (...more: string[]) =>
    runCli(args, { through: ["strace", "-f", "-qq", "-e", "trace=bpf", ...more, "-o", trace] });
  try {
    const undisturbed = await run();
    const when = before(await Deno.readTextFile(trace), "BPF_MAP_LOOKUP_BATCH") + 1;
    const { code, stdout } = await run("-e", `inject=bpf:error=EINTR:when=${when}`);
    assert.match(await Deno.readTextFile(trace), /LOOKUP_BATCH.* EINTR .*INJECTED/);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: undisturbed.stdout });
  } finally {
    await Deno.remove(trace);
  }
});
