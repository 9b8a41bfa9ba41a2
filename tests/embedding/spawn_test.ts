import assert from "node:assert/strict";
import { GuestTrap, HostFunctionError, ModuleError, spawn } from "../../runtime/mod.ts";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { until } from "../support/condition.ts";
import { ABI, ENDLESS, guest, writeLine } from "../support/guests.ts";
import { ownDescriptors } from "../support/own_descriptors.ts";
import { assertTimely } from "../support/timely.ts";
import {
  collect,
  descriptors,
  failureOf,
  HOST_MODULE,
  untilNoDescriptors,
} from "../support/spawned.ts";

Deno.test("spawn() returns the exit code and the output, in order", async () => {
  const body = `${writeLine(1)} ${writeLine(1)} (call $exit (i32.const 7))`;
  const { handle, text } = collect(guest(body));
  assert.deepEqual(await handle.exited, { kind: "exited", code: 7 });
  assert.equal(text(), "line\nline\n");
});

Deno.test("spawn() writes to streams, which stay open", async () => {
  const chunks: Uint8Array[] = [];
  const stdout = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) });
  await spawn(guest(writeLine(1)), { stdio: { stdout } }).exited;
  await spawn(guest(writeLine(1)), { stdio: { stdout } }).exited;
  assert.equal(chunks.map((chunk) => new TextDecoder().decode(chunk)).join(""), "line\nline\n");
  await stdout.close();
});

Deno.test("stats() returns counts while the guest polls, and after it has ended", async () => {
  const { handle, text } = collect(ABI, {
    args: ["abi.wasm", "wait-for-interrupt"],
    countPrograms: true,
  });
  await until("it polls", () => /waiting/.test(text()));
  const stats = await handle.stats();
  assert.equal(stats.final, false);
  assert.equal(stats.buffers[0]?.map, "ring");
  assert.notEqual(stats.programs[0]?.runs, null);
  handle.interrupt();
  await handle.exited;
  assert.equal((await handle.stats()).final, true);
});

/** Returns the copies of the shim that are loaded: each has its own memory file. */
async function shimCopies(): Promise<Set<string | undefined>> {
  const maps = await Deno.readTextFile("/proc/self/maps");
  const lines = maps.split("\n").filter((line) => line.includes("memfd:libbpf-shim"));
  return new Set(lines.map((line) => line.split(/\s+/)[4]));
}

Deno.test("every guest has its own copy of the shim, even when descriptors are reused", async () => {
  const before = await shimCopies();
  const guests = [];
  for (const count of [1, 2, 3]) {
    const started = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
    guests.push(started);
    // By then it has loaded its copy, and closed the memory file.
    await until("it polls", () => /waiting/.test(started.text()));
    // Copies of earlier workers may disappear meanwhile.
    assert.equal((await shimCopies()).difference(before).size, count);
  }
  for (const { handle } of guests) await handle.terminate();
});

Deno.test("two guests do not affect each other", async () => {
  const first = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
  const second = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
  await until("both poll", () => /waiting/.test(first.text()) && /waiting/.test(second.text()));
  await first.handle.terminate();
  assert.equal((await second.handle.stats()).final, false);
  second.handle.interrupt();
  assert.deepEqual(await second.handle.exited, { kind: "exited", code: 0 });
});

Deno.test("spawn() distinguishes traps, invalid modules and errors of host functions", async () => {
  const trap = await failureOf(spawn(guest(`unreachable`)).exited);
  assert.ok(trap instanceof GuestTrap);
  const missing = guest("", `(import "nobody" "knows" (func))`);
  const refused = await failureOf(spawn(missing).exited);
  assert.ok(refused instanceof ModuleError);
  assert.equal(refused.code, "MODULE_IMPORT");
  const failing = guest(`(call $fail)`, `(import "host" "fail" (func $fail))`);
  const thrown = await failureOf(spawn(failing, { hostModule: HOST_MODULE }).exited);
  assert.ok(thrown instanceof HostFunctionError);
  assert.match(thrown.message, /no such luck/);
});

Deno.test("spawn() provides host functions from a module", async () => {
  const adding = guest(
    `(call $exit (call $add (i32.const 40) (i32.const 2)))`,
    `(import "host" "add" (func $add (param i32 i32) (result i32)))`,
  );
  const { exited } = spawn(adding, { hostModule: HOST_MODULE });
  assert.deepEqual(await exited, { kind: "exited", code: 42 });
});

Deno.test("spawn() reports a host module that cannot be loaded", async () => {
  const error = await failureOf(
    spawn(guest(""), { hostModule: "file:///no/such/module.ts" }).exited,
  );
  assert.equal(error.code, "WORKER");
});

Deno.test("ten guests leave no descriptor open", async () => {
  await untilNoDescriptors();
  for (let round = 0; round < 10; round++) {
    const { handle, text } = collect(ABI, { args: ["abi.wasm", "wait-for-interrupt"] });
    await until("it polls", () => /waiting/.test(text()));
    if (round % 2 === 0) await handle.terminate();
    else {
      handle.interrupt();
      await handle.exited;
    }
  }
  // At once, except of a worker that was given up on a machine held up.
  await untilNoDescriptors();
});

/** Descriptors of the kind that interrupts have. Workers of earlier tests may close theirs at any time. */
function eventFds(): Set<string> {
  return new Set([...ownDescriptors()].filter((one) => one.includes("eventfd")));
}

Deno.test("a worker that is abandoned before its start leaves no descriptor open", async () => {
  const { Worker } = globalThis;
  const before = eventFds();
  globalThis.Worker = class {
    postMessage() {}
    terminate() {}
  } as unknown as typeof Worker;
  try {
    assert.deepEqual(await spawn(ENDLESS.sleeps).terminate(), { kind: "terminated" });
  } finally {
    globalThis.Worker = Worker;
  }
  assert.deepEqual([...eventFds().difference(before)], []);
});

Deno.test("spawn() with a stream that is locked leaves no other locked, and nothing open", () => {
  const before = eventFds();
  const stdout = new WritableStream<Uint8Array>();
  assert.throws(() => spawn(ENDLESS.sleeps, { stdio: { stdout, stderr: stdout } }), TypeError);
  assert.equal(stdout.locked, false);
  assert.deepEqual([...eventFds().difference(before)], []);
});

Deno.test("spawn() fails, and the process continues, when its input is sent away before the start", async () => {
  await untilNoDescriptors();
  const stdin = new Uint8Array(8);
  const handle = spawn(guest(""), { stdio: { stdin } });
  structuredClone(stdin, { transfer: [stdin.buffer] });
  assert.equal((await failureOf(handle.exited)).code, "WORKER");
  assert.deepEqual(descriptors(), []);
  // Its place among the starts is free again.
  const next = Array.from({ length: navigator.hardwareConcurrency }, () => spawn(guest("")).exited);
  assert.ok((await Promise.all(next)).every(({ kind }) => kind === "exited"));
});

Deno.test("the end of a thread releases what JavaScript did not", async () => {
  const before = await bpfState();
  await untilNoDescriptors();
  const worker = new Worker(new URL("../embed/leaking_worker.ts", import.meta.url), {
    type: "module",
  });
  const loaded = Promise.withResolvers<void>();
  worker.onmessage = () => loaded.resolve();
  await loaded.promise;
  assert.ok(descriptors().length > 0);
  worker.terminate();
  await untilNoDescriptors();
  await untilNothingAdded(before);
});

Deno.test("spawn() returns before a worker is created, and a queued guest can be ended", async () => {
  await assertTimely(500, async () => {
    const handles = Array.from({ length: 20 }, () =>
      spawn(ENDLESS.sleeps, {
        stdio: { stderr: "null" },
      }));
    const start = performance.now();
    const exits = await Promise.all(handles.map((handle) => handle.terminate()));
    assert.ok(exits.every(({ kind }) => kind === "terminated"));
    // None of these got a worker.
    return performance.now() - start;
  });
});
