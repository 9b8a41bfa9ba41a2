import assert from "node:assert/strict";
import plugin from "./lint_paths.ts";

const found = (text: string, file = "/x/cli/pull.ts") =>
  Deno.lint.runPlugin(plugin, file, text).map(({ id }) => id);

Deno.test("the lint refuses owner and mode by path, however they are named", () => {
  for (
    const text of [
      "await Deno.chmod(path, 0o600);",
      "Deno.chownSync(path, 0, 0);",
      'Deno["chmodSync"](path, 0);',
      "Deno[`chown`](path, 0, 0);",
      "const { chmod } = Deno;",
      "const { chownSync: give } = Deno;",
      'import { chmodSync as set } from "node:fs";',
      'import fs from "node:fs"; fs.lchownSync(path, 0, 0); ',
      'import { promises } from "node:fs"; await promises.lchmod(path, 0);',
    ]
  ) assert.deepEqual(found(text), ["wasm-bpf/no-owner-by-path"], text);
});

Deno.test("the lint takes owner and mode of open files, texts, and what tests do", () => {
  for (
    const text of [
      "fs.fchmodSync(fd, 0o600); fs.fchownSync(fd, 0, 0);",
      "const hint = `chown root ${path}`; // chmod go-w",
      "const chmod = 1; const made = { chmod };",
    ]
  ) assert.deepEqual(found(text), [], text);
  for (const file of ["/x/cli/pull_test.ts", "/x/tests/support/a.ts", "/x/build/main.ts"]) {
    assert.deepEqual(found("Deno.chmod(path, 0);", file), [], file);
  }
});

Deno.test("`deno lint` has the rule", async () => {
  const file = new URL("../../deno.json", import.meta.url);
  const { plugins } = JSON.parse(await Deno.readTextFile(file)).lint;
  const found = plugins.map((path: string) => new URL(path, file).href);
  assert.deepEqual(found, [import.meta.resolve("./lint_paths.ts")]);
});
