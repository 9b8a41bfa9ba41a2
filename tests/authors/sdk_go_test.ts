/** Go SDK: a guest that makes every call, built with Go's own compiler. */
import assert from "node:assert/strict";
import { buildGoGuest, findGo } from "../../build/steps/go.ts";
import { succeed } from "../support/actor.ts";
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { checkSlowBatch, ORDERS } from "../support/sdk.ts";

/** Records that the guest emits: of members as text, and of a declaration. */
const RECORD = '{"pid":7,"count":9}\n' +
  '{"source":"declared","address":"127.0.0.1","left":[1,-2],"small":-3,"name":"init"}\n';

Deno.test("the package is formatted, and vet finds nothing", async () => {
  const { go } = await findGo();
  assert.equal(await succeed(`${go}fmt`, "-l", fromFileUrl("../../sdk/go")), "");
  const { success, stderr } = await new Deno.Command(go, {
    args: ["vet", "."],
    cwd: fromFileUrl("../../sdk/go"),
    env: { GOOS: "wasip1", GOARCH: "wasm", GOPROXY: "off", GOTOOLCHAIN: "local" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

Deno.test("every call of the package works as documented", async () => {
  const output = fromFileUrl("../../dist/tests/sdk-go.wasm");
  await buildGoGuest({ path: "sdk/go/tests", objects: await ORDERS.folder(), output });
  const { code, stdout, stderr } = await runCli(["-o", "jsonl", "--timeout", "120s", output]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: RECORD + "all well\n" }, stderr);
  await checkSlowBatch(output);
  await checkSlowBatch(output, "all");
});
