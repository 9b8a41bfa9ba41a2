import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { missingFiles } from "./check.ts";

Deno.test("missingFiles() names what is not there, and neither options nor their values", () => {
  const here = fileURLToPath(import.meta.url);
  const words = [here, "no/such_test.ts", "--filter", "a name", "--quiet", "elsewhere"];
  assert.deepEqual(missingFiles(words), ["no/such_test.ts"]);
  assert.deepEqual(missingFiles(["build", "elsewhere"]).at(-1), "elsewhere");
});

Deno.test("a test file that is not there ends ./dev test before anything is built", async () => {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "test", "tests/no_such_test.ts"],
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.deepEqual([code, said], [2, "error: no test file tests/no_such_test.ts found\n"]);
});
