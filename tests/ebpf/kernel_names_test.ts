/** Types of the kernel, which are listed by name before the first load. */
import assert from "node:assert/strict";
import { withFolder } from "../support/folder.ts";
import { runCli } from "../support/cli.ts";
import { elfOf, objectGuest } from "../support/object_guest.ts";

Deno.test("load finds the kernel's types by name, with a list of them and without", async () => {
  const bytes = elfOf("core_names");
  // The second load compares all types: the list is gone with the first.
  const twice = objectGuest(
    "core_names",
    `(call $exit (i32.add
      (i64.eqz (local.get $object))
      (i32.shl (i64.eqz (call $load (i32.const 4096) (i32.const ${bytes.length}))) (i32.const 1))))`,
  );
  await withFolder(async (folder) => {
    const path = `${folder}/twice.wasm`;
    await Deno.writeFile(path, twice.bytes);
    const { code, stderr } = await runCli([path]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
});
