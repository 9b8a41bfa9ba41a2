import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import createWabt from "wabt";
import { filesUnder } from "../../build/lib/step.ts";
import { MemoryLimitError, PAGE_BYTES } from "./memory_plan.ts";
import { ControlState, rewriteModule, type RewriteOptions } from "./rewrite.ts";

const wabt = await createWabt();

function assemble(body: string): Uint8Array<ArrayBuffer> {
  const parsed = wabt.parseWat("guest.wat", `(module ${body})`, {
    ...{ "multi_memory": true, "tail_call": true, "extended_const": true, exceptions: true },
    ...{ threads: true, simd: true, "bulk_memory": true, "reference_types": true },
  });
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

interface Instance {
  exports: Record<string, (...args: unknown[]) => unknown>;
  memory: WebAssembly.Memory;
  control: Int32Array;
  startExport: string | undefined;
}

function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  options: RewriteOptions,
  imports: WebAssembly.Imports = {},
): Instance {
  const rewritten = rewriteModule({ module: new WebAssembly.Module(bytes), bytes }, options);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes), imports);
  const control = exports[rewritten.controlExport ?? ""] as WebAssembly.Memory | undefined;
  return {
    exports: exports as Instance["exports"],
    memory: exports["memory"] as WebAssembly.Memory,
    control: new Int32Array(control?.buffer ?? new ArrayBuffer(4)),
    startExport: rewritten.startExport,
  };
}

const MEMORY = `(memory (export "memory") 1)`;

Deno.test("a limit of memory becomes the memory's maximum", () => {
  const bytes = assemble(`${MEMORY} (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))`);
  const { exports, memory } = instantiate(bytes, { maxMemoryBytes: 3 * PAGE_BYTES });
  assert.equal(exports["grow"]?.(2), 1);
  assert.equal(exports["grow"]?.(1), -1);
  assert.equal(memory.buffer.byteLength, 3 * 65536);
  assert.throws(() => memory.grow(1), RangeError);
});

Deno.test("rewrite() keeps a smaller maximum", () => {
  const { memory } = instantiate(assemble(`(memory (export "memory") 1 2)`), {
    maxMemoryBytes: 9 * PAGE_BYTES,
  });
  memory.grow(1);
  assert.throws(() => memory.grow(1), RangeError);
});

Deno.test("a memory that begins above the limit is refused", () => {
  const bytes = assemble(`(memory (export "memory") 5)`);
  assert.throws(
    () => instantiate(bytes, { maxMemoryBytes: 5 * PAGE_BYTES - 1 }),
    (error: MemoryLimitError) => error.bytes === 5 * PAGE_BYTES,
  );
});

Deno.test("several memories share a limit", () => {
  const bytes = assemble(`(memory (export "memory") 1) (memory (export "small") 1 3)
    (memory (export "other") 2)`);
  const { exports } = instantiate(bytes, { maxMemoryBytes: 20 * PAGE_BYTES });
  const pages = ["memory", "small", "other"].map((name) => {
    const memory = exports[name] as unknown as WebAssembly.Memory;
    let count = memory.buffer.byteLength / PAGE_BYTES;
    try {
      for (;; count++) memory.grow(1);
    } catch {
      return count;
    }
  });
  assert.deepEqual(pages, [8, 3, 9]);
  assert.throws(() => instantiate(bytes, { maxMemoryBytes: 3 * PAGE_BYTES }), MemoryLimitError);
});

const GROWING_TABLES = `(table $f (export "f") 1 funcref) (table $e (export "e") 1 externref)
  (func (export "f+") (param i32) (result i32) (table.grow $f (ref.null func) (local.get 0)))
  (func (export "e+") (param i32) (result i32) (table.grow $e (ref.null extern) (local.get 0)))`;

Deno.test("tables and memory stay below a limit together", () => {
  const { exports, memory } = instantiate(assemble(`${MEMORY} ${GROWING_TABLES}`), {
    maxMemoryBytes: 2 ** 24,
  });
  const most = (grow: string) => {
    let entries = 1;
    for (let step = 2 ** 24; step >= 1; step /= 2) {
      while (exports[grow]?.(step) as unknown as number >= 0) entries += step;
    }
    return entries;
  };
  const tables = 24 * most("f+") + 8 * most("e+");
  assert.ok(tables > 2 ** 20 && tables <= 2 ** 21, `${tables} bytes of tables`);
  assert.throws(() => memory.grow(Math.ceil((2 ** 24 - tables) / PAGE_BYTES)), RangeError);
  memory.grow(2 ** 23 / PAGE_BYTES);
});

Deno.test("tables that begin above a limit are refused", () => {
  const bytes = assemble(`${MEMORY} (table 100000 funcref)`);
  assert.throws(() => instantiate(bytes, { maxMemoryBytes: 2 ** 21 }), MemoryLimitError);
  instantiate(bytes, { maxMemoryBytes: 2 ** 22 });
});

Deno.test("a table that no instruction grows takes no memory from the rest", () => {
  const bytes = assemble(`${MEMORY} (table 1000 funcref)`);
  const { memory } = instantiate(bytes, { maxMemoryBytes: 2 ** 20 });
  memory.grow(15);
});

Deno.test("a limit of memory alone leaves the code as it is", () => {
  const bytes = assemble(`${MEMORY} (func (export "f") (loop))`);
  const rewritten = rewriteModule({ module: new WebAssembly.Module(bytes), bytes }, {
    maxMemoryBytes: 2 ** 32,
  });
  assert.equal(rewritten.bytes.length, bytes.length + 3);
  assert.equal(rewritten.controlExport, undefined);
});

/** Functions that each spend time in another way. */
const SPENDERS = {
  "a loop": `(func (export "run") (loop $again (br $again)))`,
  "a loop inside a block": `(func (export "run")
    (block (loop $again (block (br_if $again (i32.const 1))) (br $again))))`,
  "calls that end at once": `(func $f) (func (export "run") (call $f))`,
  "tail calls": `(func $f (export "run") (return_call $f))`,
  "a loop after catch_all": `(func (export "run")
    (loop $again (try (do (loop $inner (br $inner))) (catch_all)) (br $again)))`,
  "a callback through the table": `(table (export "t") 1 funcref) (elem (i32.const 0) $f)
    (func $f (loop $again (br $again)))
    (func (export "run") (call_indirect (i32.const 0)))`,
};

for (const [name, body] of Object.entries(SPENDERS)) {
  Deno.test(`terminate traps in ${name}, uncatchably`, () => {
    const { exports, control } = instantiate(assemble(`${MEMORY} ${body}`), { control: true });
    control[0] = ControlState.Terminate;
    assert.throws(() => exports["run"]?.(), WebAssembly.RuntimeError);
  });
}

Deno.test("a host function can terminate its caller", () => {
  const bytes = assemble(`(import "h" "f" (func $f)) ${MEMORY}
    (func (export "run") (loop $again (call $f) (br $again)))`);
  let calls = 0;
  const instance: Instance = instantiate(bytes, { control: true }, {
    h: {
      f: () => {
        calls += 1;
        if (calls === 3) instance.control[0] = ControlState.Terminate;
      },
    },
  });
  assert.throws(() => instance.exports["run"]?.(), WebAssembly.RuntimeError);
  assert.equal(calls, 3);
});

Deno.test("the start function is called by the host, controlled", () => {
  const bytes = assemble(`${MEMORY} (global $g (mut i32) (i32.const 0))
    (func $s (global.set $g (i32.const 7))) (start $s)
    (func (export "get") (result i32) (global.get $g))`);
  const { exports, startExport } = instantiate(bytes, { control: true });
  assert.equal(exports["get"]?.(), 0);
  exports[startExport ?? ""]?.();
  assert.equal(exports["get"]?.(), 7);
});

Deno.test("a module's own exports keep their names", () => {
  const bytes = assemble(`${MEMORY} (func (export "wasm-bpf control")) (func (export "run")
    (loop $again (br $again)))`);
  const { exports, control } = instantiate(bytes, { control: true });
  assert.equal(typeof exports["wasm-bpf control"], "function");
  control[0] = ControlState.Terminate;
  assert.throws(() => exports["run"]?.(), WebAssembly.RuntimeError);
});

/** Every kind of immediate, around a loop, so that a wrong walk shows as an invalid module. */
const MENAGERIE = `
  (import "h" "global" (global $imported i32)) (import "h" "f" (func $imported_f))
  (memory (export "memory") 1) (memory $second 1) (data $d "abc")
  (table $t 4 funcref) (table $u 4 externref) (elem $e func $f) (elem declare func $f)
  (global $g (mut i64) (i64.const -1)) (tag $tag (param i32))
  (type $binary (func (param i32 i32) (result i32)))
  (func $f (param i32 i32) (result i32)
    (local $a i32) (local $v v128) (local $r externref) (local $x f64)
    (block (block (br_table 0 1 0 (i32.const 7))))
    (local.set $a (call_indirect (type $binary) (i32.const 1) (i32.const 2) (i32.const 0)))
    (local.set $v (v128.const i64x2 1 2))
    (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get $v) (local.get $v)))
    (local.set $v (v128.load32_lane 1 (i32.const 0) (local.get $v)))
    (local.set $v (v128.load64_zero (i32.const 0)))
    (drop (i8x16.extract_lane_s 3 (local.get $v)))
    (drop (i32x4.add (local.get $v) (local.get $v)))
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d)
    (memory.copy (i32.const 0) (i32.const 8) (i32.const 8))
    (memory.fill (i32.const 0) (i32.const 8) (i32.const 8))
    (i64.store $second offset=100000 align=4 (i32.const 0) (i64.const -9223372036854775808))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))) (atomic.fence)
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop $e)
    (drop (table.grow $t (ref.null func) (i32.const 0))) (drop (table.size $u))
    (table.fill $u (i32.const 0) (ref.null extern) (i32.const 0))
    (table.set $t (i32.const 0) (ref.func $f)) (drop (ref.is_null (table.get $t (i32.const 0))))
    (drop (select (result externref) (local.get $r) (local.get $r) (i32.const 1)))
    (drop (select (f32.const 1.5) (f32.const nan) (i32.const 1)))
    (drop (f64.const 3.25)) (drop (i32.trunc_sat_f64_s (local.get $x)))
    (drop (memory.grow (i32.const 0))) (drop (memory.size $second))
    (try (do (throw $tag (i32.const 3))) (catch $tag (drop)) (catch_all (rethrow 0)))
    (try (do (nop)) (delegate 0))
    (loop $l (result i32) (br_if $l (i32.const 0)) (if (result i32) (global.get $imported)
      (then (local.get $a)) (else (return_call $f (i32.const 1) (i32.const 2))))))`;

Deno.test("every kind of instruction is passed over whole", () => {
  const bytes = assemble(MENAGERIE);
  assert.ok(WebAssembly.validate(bytes), "the test's own module");
  const module = new WebAssembly.Module(bytes);
  const rewritten = rewriteModule({ module, bytes }, { control: true });
  new WebAssembly.Module(rewritten.bytes);
});

Deno.test("try_table and its catches are passed over whole", () => {
  const bytes = assemble(`${MEMORY} (tag $t (param i32))
    (func (export "run") (drop (block $h (result i32) (block $all
      (try_table (catch $t $h) (catch_all $all) (loop (throw $t (i32.const 1))))) (i32.const 2))))`);
  const { exports } = instantiate(bytes, { control: true });
  exports["run"]?.();
});

Deno.test("the modules of the examples and tests stay valid", () => {
  let count = 0;
  for (const folder of ["../../dist/examples", "../../dist/tests"]) {
    const root = fileURLToPath(new URL(folder, import.meta.url));
    for (const name of filesUnder(root, (path) => path.endsWith(".wasm"))) {
      const bytes = Deno.readFileSync(name);
      const module = new WebAssembly.Module(bytes);
      const rewritten = rewriteModule({ module, bytes }, {
        control: true,
        maxMemoryBytes: 2 ** 32,
      });
      assert.ok(WebAssembly.validate(rewritten.bytes), name);
      count += 1;
    }
  }
  assert.ok(count >= 2);
});
