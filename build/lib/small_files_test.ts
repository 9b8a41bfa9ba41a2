import assert from "node:assert/strict";
import { smallFiles } from "./small_files.ts";

Deno.test("smallFiles() reports small files without a reason", () => {
  const lines = new Map([
    ["cli/args/word.ts", 39],
    ["cli/args/options.ts", 40],
    ["libbpf-shim/link.c", 10],
    ["ffi/log.ts", 11],
  ]);
  assert.deepEqual(smallFiles(lines, { "ffi/log.ts": "same stem as its C file" }), [
    "cli/args/word.ts has 39 lines: join it with a neighbour",
    "libbpf-shim/link.c has 10 lines: join it with a neighbour",
  ]);
});

Deno.test("smallFiles() exempts tests, commands, emitters, tasks, mod.ts and errors.ts", () => {
  const paths = [
    "cli/args/word_test.ts",
    "cli/commands/tag.ts",
    "bindgen/emit/c.ts",
    "build/tasks/man.ts",
    "oci/mod.ts",
    "oci/store/errors.ts",
    "tests/support/wat.ts",
    "examples/lsm/c/lsm.c",
    "libbpf-shim/link.h",
  ];
  assert.deepEqual(smallFiles(new Map(paths.map((path) => [path, 1])), {}), []);
});

Deno.test("smallFiles() reports reasons of files that grew or are gone", () => {
  assert.deepEqual(
    smallFiles(new Map([["ffi/log.ts", 50]]), { "ffi/log.ts": "", "ffi/x.ts": "" }),
    [
      "ffi/log.ts is not a small file: remove its reason",
      "ffi/x.ts is not a small file: remove its reason",
    ],
  );
});
