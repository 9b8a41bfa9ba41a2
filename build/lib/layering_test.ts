import assert from "node:assert/strict";
import { importCircles, importsOf, includesOf, layeringViolations } from "./layering.ts";

function violates(from: string, to: string): boolean {
  return layeringViolations([{ from, to }]).length > 0;
}

Deno.test("layeringViolations() accepts the chain of layers", () => {
  assert.deepEqual(
    layeringViolations([
      { from: "main.ts", to: "cli/mod.ts" },
      { from: "cli/commands/run.ts", to: "runtime/mod.ts" },
      { from: "cli/commands/pull.ts", to: "oci/mod.ts" },
      { from: "cli/commands/gen.ts", to: "bindgen/mod.ts" },
      { from: "runtime/wasm_bpf/maps.ts", to: "ffi/mod.ts" },
      { from: "oci/errors.ts", to: "ffi/errors.ts" },
      { from: "runtime/guest.ts", to: "runtime/wasi/mod.ts" },
      { from: "cli/help.ts", to: "deno.json" },
      { from: "build/steps/pump.ts", to: "npm:/wabt@1.0.39" },
      { from: "cli/commands/run.ts", to: "node:util" },
    ]),
    [],
  );
});

Deno.test("layeringViolations() refuses imports against or past the chain", () => {
  assert.equal(violates("ffi/object.ts", "runtime/mod.ts"), true);
  assert.equal(violates("runtime/guest.ts", "oci/mod.ts"), true);
  assert.equal(violates("oci/store.ts", "bindgen/mod.ts"), true);
  assert.equal(violates("main.ts", "runtime/mod.ts"), true);
  assert.equal(violates("runtime/guest.ts", "build/lib/step.ts"), true);
});

Deno.test("layeringViolations() refuses another folder's inner modules", () => {
  assert.equal(violates("cli/commands/run.ts", "runtime/guest.ts"), true);
  assert.equal(violates("main.ts", "cli/commands/run.ts"), true);
});

Deno.test("layeringViolations() keeps the runtime's wasm_bpf and wasi apart", () => {
  assert.equal(violates("runtime/wasm_bpf/maps.ts", "runtime/wasi/errno.ts"), true);
  assert.equal(violates("runtime/wasi/clock.ts", "runtime/wasm_bpf/handles.ts"), true);
});

Deno.test("layeringViolations() refuses modules from the net", () => {
  assert.equal(violates("cli/commands/run.ts", "jsr:@std/path"), true);
  assert.equal(violates("cli/commands/run.ts", "https://example.test/mod.ts"), true);
});

Deno.test("layeringViolations() lets tests and benchmarks import anything, and refuses imports of them", () => {
  assert.equal(violates("ffi/object_test.ts", "runtime/guest.ts"), false);
  assert.equal(violates("tests/cli_test.ts", "build/lib/step.ts"), false);
  assert.equal(violates("bench/startup.ts", "build/steps/denort.ts"), false);
  assert.equal(violates("cli/commands/run.ts", "tests/helper.ts"), true);
});

Deno.test("layeringViolations() refuses a folder that is not listed", () => {
  assert.equal(violates("plugins/one.ts", "cli/mod.ts"), true);
});

Deno.test("importsOf() gives imports of values and types by path, and keeps other specifiers", () => {
  const graph = {
    modules: [{
      specifier: "file:///x/cli/commands/run.ts",
      dependencies: [
        { specifier: "../runtime/mod.ts", code: { specifier: "file:///x/runtime/mod.ts" } },
        { specifier: "./types.ts", type: { specifier: "file:///x/cli/types.ts" } },
        { specifier: "jsr:@std/path" },
      ],
    }, { specifier: "npm:/wabt@1.0.39" }],
  };
  assert.deepEqual(importsOf(graph, "file:///x/"), [
    { from: "cli/commands/run.ts", to: "runtime/mod.ts" },
    { from: "cli/commands/run.ts", to: "cli/types.ts" },
    { from: "cli/commands/run.ts", to: "jsr:@std/path" },
  ]);
});

Deno.test("layeringViolations() lets the command line alone in by its own door", () => {
  const to = "runtime/command.ts";
  assert.deepEqual(layeringViolations([{ from: "cli/commands/run.ts", to }]), []);
  assert.equal(layeringViolations([{ from: "examples/x/x.ts", to }]).length, 1);
});

Deno.test("layeringViolations() holds the order of the rooms of cli", () => {
  assert.ok(!violates("cli/commands/pull.ts", "cli/hub/install.ts"));
  assert.ok(!violates("cli/hub/install.ts", "cli/terminal/output.ts"));
  assert.ok(!violates("cli/hub/install.ts", "cli/hub/facts.ts"));
  assert.ok(!violates("cli/hub/install.ts", "cli/errors.ts"));
  assert.ok(!violates("cli/dispatch.ts", "cli/commands/mod.ts"));
  assert.ok(violates("cli/terminal/output.ts", "cli/args/options.ts"));
  assert.ok(violates("cli/module/named_module.ts", "cli/hub/facts.ts"));
  assert.ok(violates("cli/new_room/file.ts", "cli/terminal/output.ts"));
  assert.ok(violates("cli/hub/install.ts", "cli/new_room/file.ts"));
});

function circles(...imports: string[]): string[] {
  return importCircles(imports.map((words) => {
    const [from = "", to = ""] = words.split(" ");
    return { from, to };
  }));
}

Deno.test("importCircles() reports each circle once, by its shortest way", () => {
  assert.deepEqual(circles("b c", "a b", "c a", "x a", "c d"), [
    "circle of imports: a -> b -> c -> a",
  ]);
  assert.deepEqual(circles("a b", "b a", "c d", "d c"), [
    "circle of imports: a -> b -> a",
    "circle of imports: c -> d -> c",
  ]);
  assert.deepEqual(circles("a a"), ["circle of imports: a -> a"]);
});

Deno.test("importCircles() accepts ways that join without a circle", () => {
  assert.deepEqual(circles("a b", "a c", "b d", "c d", "d e"), []);
});

Deno.test("includesOf() takes a source and its header as one unit", () => {
  const sources = new Map([
    ["a.c", '#include "a.h"\n#include "b.h"\n#include <c.h>\n#include "bpf/libbpf.h"\n'],
    ["a.h", ""],
    ["b.h", '#include "elsewhere.h"\n'],
    ["b.c", '// "a.h"\n#include "b.h"\n\t#include "a.h"\n#include "a.h"\n'],
    ["c.h", ""],
  ]);
  const includes = includesOf(sources);
  assert.deepEqual(includes, [{ from: "a", to: "b" }, { from: "b", to: "a" }]);
  assert.deepEqual(importCircles(includes), ["circle of imports: a -> b -> a"]);
});
