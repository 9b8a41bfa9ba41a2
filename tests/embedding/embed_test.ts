/** Features that an embedder gives a guest on its own thread. */
import assert from "node:assert/strict";
import {
  GuestStopped,
  HostFunctionError,
  type HostModules,
  ModuleError,
  runGuest,
  spawn,
} from "../../runtime/mod.ts";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { elfOf, objectGuest } from "../support/object_guest.ts";
import { ENDLESS, guest, sleepMs, writeLine } from "../support/guests.ts";
import { descriptors } from "../support/spawned.ts";
import { assertTimely } from "../support/timely.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "nothing thrown";
}

Deno.test("host functions get the guest's memory and arguments", () => {
  const body = `(call $exit (i32.wrap_i64 (call $f (i32.const 1024) (i64.const -3))))`;
  const module = guest(
    body,
    `(import "env" "f" (func $f (param i32 i64) (result i64)))`,
  );
  const seen: unknown[] = [];
  const code = runGuest(module, {
    imports: {
      "env": {
        "f": (memory, at: number, big: bigint) => {
          seen.push(new TextDecoder().decode(memory.bytes(at, 4)), big);
          return 9n;
        },
      },
    },
  });
  assert.equal(code, 9);
  assert.deepEqual(seen, ["line", -3n]);
});

/** Calls the host, catches every exception, and continues. */
const stubborn = (type: string, call: string) =>
  guest(
    `(try (do ${call}) (catch_all)) (call $exit (i32.const 9))`,
    `(import "env" "f" (func $f ${type}))`,
  );

const FAILURES: Record<string, [string, string, HostModules]> = {
  "throws": ["", "(call $f)", {
    "env": {
      "f": () => {
        throw new Error("no");
      },
    },
  }],
  "accesses memory out of bounds": ["", "(call $f)", {
    "env": { "f": (memory) => memory.getU8(-1) },
  }],
  "returns a number for an i64": ["(result i64)", "(drop (call $f))", { "env": { "f": () => 1 } }],
  "returns nothing for an i64": ["(result i64)", "(drop (call $f))", { "env": { "f": () => {} } }],
};

for (const [what, [type, call, imports]] of Object.entries(FAILURES)) {
  Deno.test(`a host function that ${what} ends the guest, which cannot catch it`, () => {
    assert.throws(
      () => runGuest(stubborn(type, call), { imports }),
      (error: HostFunctionError) => {
        assert.ok(error instanceof HostFunctionError);
        assert.ok(error.cause instanceof Error);
        return true;
      },
    );
  });
}

Deno.test("embedders cannot replace the host's modules", () => {
  for (const module of ["wasm_bpf", "wasm_bpf_ext", "wasi_snapshot_preview1", "callback-wrapper"]) {
    assert.equal(
      codeOf(() => runGuest(guest(""), { imports: { [module]: {} } })),
      "HOST_MODULE",
    );
  }
});

Deno.test("output goes to a function, whole and in order, or nowhere", () => {
  let text = "";
  const stdout = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  runGuest(guest(`${writeLine(1)} ${writeLine(2)} ${writeLine(1)}`), {
    stdio: { stdout, stderr: "null" },
  });
  assert.equal(text, "line\nline\n");
});

Deno.test("an output function that throws ends the guest", () => {
  const stdout = () => {
    throw new Error("full");
  };
  assert.equal(
    codeOf(() => runGuest(ENDLESS.prints, { stdio: { stdout, stderr: "null" } })),
    "HOST_FUNCTION",
  );
});

Deno.test("output functions never see hostile buffers", () => {
  const calls: number[] = [];
  const write = (iovs: number, count: number, written: number) =>
    `(call $write (i32.const 1) (i32.const ${iovs}) (i32.const ${count}) (i32.const ${written}))`;
  // 21 is WASI's EFAULT.
  for (const [iovs, count, written] of [[65532, 1, 0], [0, -1, 0], [512, 1, 65533], [-8, 1, 0]]) {
    const module = guest(`(call $exit ${write(iovs ?? 0, count ?? 0, written ?? 0)})`);
    const code = runGuest(module, { stdio: { stdout: ({ length }) => void calls.push(length) } });
    assert.equal(code, 21);
  }
  assert.deepEqual(calls, []);
});

Deno.test("output functions get at most a mebibyte a call", () => {
  // 100 ciovecs of the same 64 KiB.
  const body = `(local $i i32)
    (loop $next
      (i32.store (i32.add (i32.const 2052) (i32.mul (local.get $i) (i32.const 8))) (i32.const 65536))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (drop (call $write (i32.const 1) (i32.const 2048) (i32.const 100) (i32.const 16)))
    (call $exit (i32.eq (i32.load (i32.const 16)) (i32.const 1048576)))`;
  let bytes = 0;
  const code = runGuest(guest(body), {
    stdio: { stdout: ({ length }) => void (bytes += length) },
  });
  assert.deepEqual([code, bytes], [1, 1024 * 1024]);
});

for (const [what, module] of Object.entries(ENDLESS)) {
  Deno.test(`limits.timeMs stops a guest that ${what}`, async () => {
    await assertTimely(250, () => {
      const start = performance.now();
      assert.throws(
        () =>
          runGuest(module, { limits: { timeMs: 100 }, stdio: { stdout: "null", stderr: "null" } }),
        (error: GuestStopped) => error instanceof GuestStopped && error.code === "LIMIT_TIME",
      );
      const ms = performance.now() - start;
      assert.ok(ms >= 99, `${ms} ms`);
      return ms;
    });
  });
}

Deno.test("limits.timeMs does not affect a guest that ends earlier", () => {
  assert.equal(runGuest(guest(sleepMs(10)), { limits: { timeMs: 60_000 } }), 0);
});

Deno.test("limits.timeMs covers a module's start function", () => {
  const module = guest("", `(func $early (loop $again (br $again))) (start $early)`);
  assert.equal(codeOf(() => runGuest(module, { limits: { timeMs: 50 } })), "LIMIT_TIME");
});

Deno.test("limits.memoryBytes caps memory.grow and refuses a larger initial memory", () => {
  const growing = guest(`(call $exit (i32.add (i32.const 100) (memory.grow (i32.const 1))))`);
  assert.equal(runGuest(growing, { limits: { memoryBytes: 65536 } }), 99);
  assert.equal(runGuest(growing, { limits: { memoryBytes: 2 * 65536 - 1 } }), 99);
  assert.equal(runGuest(growing, { limits: { memoryBytes: 2 * 65536 } }), 101);
  assert.throws(
    () => runGuest(growing, { limits: { memoryBytes: 65535 } }),
    (error: ModuleError) => error instanceof ModuleError && error.code === "MODULE_MEMORY",
  );
});

Deno.test("a signal that a host function aborts stops the guest at that call", () => {
  const controller = new AbortController();
  let calls = 0;
  const imports = {
    "env": {
      "f": () => {
        calls += 1;
        if (calls === 3) controller.abort(new Error("enough"));
      },
    },
  };
  const module = guest(`(loop $again (call $f) (br $again))`, `(import "env" "f" (func $f))`);
  assert.throws(
    () => runGuest(module, { imports, signal: controller.signal }),
    (error: GuestStopped) =>
      error.code === "ABORTED" && (error.cause as Error).message === "enough",
  );
  assert.equal(calls, 3);
  assert.equal(codeOf(() => runGuest(module, { imports, signal: controller.signal })), "ABORTED");
  assert.equal(calls, 3);
});

/** Guest that loads invalid data, catches every exception, continues, and ends with 9. */
const FAILING_LOAD = guest(
  `(try (do (drop (call $load (i32.const 512) (i32.const 8)))) (catch_all))
   (call $exit (i32.const 9))`,
  `(import "wasm_bpf" "wasm_load_bpf_object" (func $load (param i32 i32) (result i64)))`,
);

const no = () => {
  throw new Error("no");
};

Deno.test("onError() and onNotice() that throw end the guest, which cannot catch it", () => {
  assert.equal(runGuest(FAILING_LOAD), 9);
  assert.equal(codeOf(() => runGuest(FAILING_LOAD, { onError: no })), "HOST_FUNCTION");
  const pinned = objectGuest(
    "abi",
    `(try (do (drop (call $load (i32.const 4096) (i32.const ${elfOf("abi").length})))) (catch_all))
     (call $exit (i32.const 9))`,
  );
  const before = descriptors();
  assert.equal(codeOf(() => runGuest(pinned, { onNotice: no })), "HOST_FUNCTION");
  // Its object was open.
  assert.deepEqual(descriptors(), before);
});

Deno.test("a run whose permissions are wrong leaves nothing open, and nothing counted", () => {
  const before = descriptors();
  const permissions = { allowHelper: ["no_such_helper"] };
  const run = () => runGuest(guest(""), { countPrograms: true, permissions });
  assert.equal(codeOf(run), "PERMISSION_WORD");
  assert.deepEqual(descriptors(), before);
});

Deno.test("onStats() that throws does not prevent the release", async () => {
  const before = await bpfState();
  assert.equal(
    codeOf(() => runGuest(objectGuest("events", ""), { onStats: no })),
    "HOST_FUNCTION",
  );
  await untilNothingAdded(before);
  // The reported cause is the earlier one.
  const trapping = guest("unreachable");
  assert.equal(codeOf(() => runGuest(trapping, { onStats: no })), "GUEST_TRAP");
});

Deno.test("functions in spawn() options that throw end the guest", async () => {
  for (const options of [{ onError: no }, { onStats: no }, { stdio: { stdout: no } }]) {
    const module = "stdio" in options ? ENDLESS.prints : FAILING_LOAD;
    const exit = await spawn(module, options).exited;
    assert.equal(exit.kind === "failed" && exit.error.code, "HOST_FUNCTION");
  }
});
