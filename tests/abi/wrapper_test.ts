/** Guests that export their callback, as TinyGo's do. */
import assert from "node:assert/strict";
import { guestPath, runCli } from "../support/cli.ts";

Deno.test("callback-wrapper calls the guest's exported go-callback", async () => {
  const { code, stdout, stderr } = await runCli([guestPath("wrapper")]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "handled 3 good 3\n", stderr: "" });
});

Deno.test("-m and -c name the wrapper module and the callback", async () => {
  for (
    const names of [
      ["-m", "my-host", "-c", "my-callback"],
      ["--wrapper-module-name=my-host", "--callback-export-name=my-callback"],
    ]
  ) {
    const { code, stdout } = await runCli([...names, guestPath("named-wrapper")]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "handled 3 good 3\n" });
  }
});

Deno.test("run reports a missing import when the wrapper module has another name", async () => {
  const { code, stderr } = await runCli([guestPath("named-wrapper")]);
  assert.equal(code, 1);
  assert.match(stderr, /of module "my-host"/);
});

Deno.test("poll returns -EINVAL with a hint when the callback is not exported", async () => {
  const { code, stdout, stderr } = await runCli(["-m", "my-host", guestPath("named-wrapper")]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "handled -22 good 0\n" });
  assert.match(stderr, /hint: .*--callback-export-name/);
});
