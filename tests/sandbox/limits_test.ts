/** Limits of host memory that a guest uses besides its own: objects, errors, notices. */
import assert from "node:assert/strict";
import { Interrupt } from "../../ffi/mod.ts";
import { BpfContext } from "../../runtime/wasm_bpf/context.ts";
import type { GuestObject } from "../../runtime/wasm_bpf/guest_object.ts";
import { GuestMemory } from "../../runtime/guest_memory.ts";
import { compileGuest, spawn } from "../../runtime/mod.ts";
import { toData } from "../../runtime/worker_messages.ts";
import { BpfError } from "../../runtime/wasm_bpf/mod.ts";
import { assemble } from "../support/wat.ts";
import { fromFileUrl } from "../support/paths.ts";

// Loads the shim, which stays, before the first test can be blamed for it.
Interrupt.create().close();

/** Runs `work` with objects that are only sizes; returns codes of thrown errors. */
function withContext(
  work: (add: (sizeBytes: number) => string, close: (handle: number) => void) => void,
): void {
  using memory = new GuestMemory();
  using interrupt = Interrupt.create();
  using context = new BpfContext({
    memory,
    interrupt,
    attend: () => {},
    programsCounted: false,
    latencyMs: 0,
    onError: () => {},
    onNotice: () => {},
  });
  const add = (sizeBytes: number): string => {
    try {
      const object = { sizeBytes, close: () => {} } as GuestObject;
      context.addObject({ memory: memory.linear, offset: 0, sizeBytes }, () => object);
      return "added";
    } catch (error) {
      assert.ok(error instanceof BpfError);
      return error.code;
    }
  };
  work(add, (handle) => assert.equal(context.closeObject(BigInt(handle)), 0));
}

Deno.test("a guest has at most 256 objects at a time", () => {
  withContext((add, close) => {
    for (let i = 0; i < 256; i++) assert.equal(add(1000), "added");
    assert.equal(add(1000), "EMFILE");
    close(17);
    assert.deepEqual([add(1000), add(1000)], ["added", "EMFILE"]);
  });
});

Deno.test("a guest's objects have at most 64 MiB together", () => {
  withContext((add, close) => {
    const half = 32 * 1024 * 1024;
    assert.deepEqual([add(half), add(half), add(1)], ["added", "added", "ENOMEM"]);
    close(1);
    assert.deepEqual([add(half + 1), add(half)], ["ENOMEM", "added"]);
  });
});

Deno.test("of a long detail the end is sent to the parent, in whole lines", () => {
  const detail = Array.from({ length: 1_000_000 }, (_, i) => `line ${i}`).join("\n");
  const data = toData(new BpfError(`load program "${"x".repeat(100_000)}"`, 13, { detail }));
  assert.ok((data.detail?.length ?? 0) < 66_000 && data.message.length < 1000);
  assert.match(data.detail ?? "", /^…\nline \d+\n[^]*\nline 999999$/);
});

/** Opens and closes an object whose maps ask to be pinned, for ever: a notice each time. */
function noticing(object: Uint8Array): Parameters<typeof spawn>[0] {
  const bytes = [...object].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return compileGuest(
    assemble(`(module
      (import "wasm_bpf_ext" "object_open" (func $open (param i32 i32) (result i64)))
      (import "wasm_bpf" "wasm_close_bpf_object" (func $close (param i64) (result i32)))
      (memory (export "memory") ${Math.ceil(object.length / 65536)})
      (data (i32.const 0) "${bytes}")
      (func (export "_start")
        (loop $again
          (drop (call $close (call $open (i32.const 0) (i32.const ${object.length}))))
          (br $again))))`),
    "noticing.wasm",
  );
}

/** Reports whether the workers of this process sleep. */
function areAsleep(): boolean {
  return [...Deno.readDirSync("/proc/self/task")].every(({ name }) => {
    try {
      const stat = Deno.readTextFileSync(`/proc/self/task/${name}/stat`);
      return !stat.includes("(worker") || /\) S /.test(stat);
    } catch {
      // The thread has ended.
      return true;
    }
  });
}

/** Holds this thread up until the guest has been found asleep ten times in a row. */
function readNothing(): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const end = Date.now() + 60_000;
  for (let found = 0; found < 10 && Date.now() < end;) {
    // time: between two looks, of a thread that is not to return to its events.
    Atomics.wait(never, 0, 0, 100);
    found = areAsleep() ? found + 1 : 0;
  }
}

Deno.test("a guest waits when its parent does not read its notices", async () => {
  const object = await Deno.readFile(fromFileUrl("../../dist/tests/abi.bpf.o"));
  let notices = 0;
  await using handle = spawn(noticing(object), {
    onNotice: () => {
      notices += 1;
      if (notices > 1) return;
      readNothing();
      void handle.terminate();
    },
  });
  assert.deepEqual(await handle.exited, { kind: "terminated" });
  assert.ok(notices > 100 && notices < 5000, `${notices} notices`);
});
