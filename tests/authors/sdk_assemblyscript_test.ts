/** AssemblyScript SDK: a guest that makes every call, built with the language's own compiler. */
import assert from "node:assert/strict";
import { buildAssemblyScriptGuest } from "../../build/steps/assemblyscript.ts";
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { checkSlowBatch, ORDERS } from "../support/sdk.ts";

/** Records that the guest emits: of members as text, and of a declaration. */
const RECORD = '{"pid":7,"count":9}\n' +
  '{"source":"declared","address":"127.0.0.1","left":[1,-2],"small":-3,"name":"init"}\n';

Deno.test("every call of the package works as documented", async () => {
  const output = fromFileUrl("../../dist/tests/sdk-assemblyscript.wasm");
  const source = "sdk/assemblyscript/tests/api.ts";
  await buildAssemblyScriptGuest({ source, objects: await ORDERS.folder(), output });
  const { code, stdout, stderr } = await runCli(["-o", "jsonl", "--timeout", "120s", output]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: RECORD + "all well\n" }, stderr);
  await checkSlowBatch(output);
  await checkSlowBatch(output, "each");
});
