/** Resources of the workers that guests are spawned in: descriptors, memory, changed modules. */
import assert from "node:assert/strict";
import { changedFor, keepChanged } from "../../runtime/control.ts";
import { spawn } from "../../runtime/mod.ts";
import { guest } from "../support/guests.ts";
import { soakSize } from "../support/soak.ts";

/** Guests that run at the same time. */
const GUESTS = soakSize({ short: 6, whole: 100 });

const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Runs code that spawns guests, in a process with a limit of descriptors; what it printed. */
async function evaluate(code: string, descriptors: number): Promise<string> {
  const imports = `
    import { spawn } from ${module("../../runtime/mod.ts")};
    import { ENDLESS, guest } from ${module("../support/guests.ts")};`;
  const { code: exitCode, stdout, stderr } = await new Deno.Command("prlimit", {
    args: [`--nofile=${descriptors}:${descriptors}`, ...[
      "deno",
      "eval",
      "--no-check",
      "--v8-flags=--expose-gc",
    ], imports + code],
  }).output();
  const text = new TextDecoder();
  assert.equal(exitCode, 0, text.decode(stderr));
  return text.decode(stdout);
}

Deno.test("spawn() fails, and the process continues, when a worker gets no descriptors", async () => {
  const code = `
    const nothing = guest("");
    const codes = {};
    for (let round = 0; round < 320; round++) {
      const exit = await spawn(nothing).exited;
      const code = exit.kind === "exited" ? "exited" : exit.error.code;
      codes[code] = (codes[code] ?? 0) + 1;
    }
    console.log(JSON.stringify(codes));
    Deno.exit(0);`;
  const codes = JSON.parse(await evaluate(code, 256)) as { exited: number; EMFILE: number };
  assert.deepEqual(Object.keys(codes), ["exited", "EMFILE"]);
  // Deno keeps two descriptors of each; a guest needs up to 32 while it runs.
  assert.ok(codes.exited >= 80, JSON.stringify(codes));
  assert.equal(codes.exited + codes.EMFILE, 320);
});

Deno.test("memory of guests that ran at the same time is given back", async () => {
  const code = `
    const ownBytes = () =>
      1024 * Number(/RssAnon:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]);
    const round = async () => {
      const handles = [];
      for (let i = 0; i < ${GUESTS}; i++) {
        const { promise, resolve } = Promise.withResolvers();
        handles.push(spawn(ENDLESS.sleeps, { stdio: { stderr: () => resolve() } }));
        await promise;
      }
      const most = ownBytes();
      await Promise.all(handles.map((handle) => handle.terminate()));
      return most;
    };
    const before = ownBytes();
    const most = await round();
    const end = Date.now() + 60_000;
    const isBack = () => ownBytes() - before < (most - before) / 2;
    while (!isBack() && Date.now() < end) {
      // V8 keeps pages of workers that have ended until its next collection, or for 8 s.
      gc();
      // time: in a process of its own, where until() cannot call gc() between looks
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    console.log(JSON.stringify({ before, most, after: ownBytes(), isBack: isBack() }));
    Deno.exit(0);`;
  const text = await evaluate(code, 4096);
  assert.equal((JSON.parse(text) as { isBack: boolean }).isBack, true, text);
});

Deno.test("spawn() changes a module once, and sends it to later workers", async () => {
  const first = guest("(call $exit (i32.const 3))");
  const limits = { timeMs: 60_000 };
  assert.deepEqual(await spawn(first, { limits }).exited, { kind: "exited", code: 3 });
  const changed = changedFor(first, undefined);
  assert.notEqual(changed, undefined);
  // A worker that changed the second module itself would end with its code.
  const second = guest("(call $exit (i32.const 4))");
  if (changed !== undefined) keepChanged(second, changed);
  assert.deepEqual(await spawn(second, { limits }).exited, { kind: "exited", code: 3 });
  // Another limit of memory takes another module.
  const memoryBytes = 1 << 20;
  const more = { limits: { ...limits, memoryBytes } };
  assert.deepEqual(await spawn(second, more).exited, { kind: "exited", code: 4 });
  assert.notEqual(changedFor(second, memoryBytes), undefined);
});
