/** Rust SDK: its unit tests, and a guest that makes every call, built as an author would. */
import assert from "node:assert/strict";
import { succeed } from "../support/actor.ts";
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { checkSlowBatch, ORDERS } from "../support/sdk.ts";

/** Records that the guest emits: of members as text, and of a declaration. */
const RECORD = '{"pid":7,"count":9}\n' +
  '{"source":"declared","address":"127.0.0.1","left":[1,-2],"small":-3,"pad":"000000","name":"init"}\n';

/** Debian's rustc, the oldest release that the crate supports. */
const RUSTC = "/usr/bin/rustc";
const CRATE = fromFileUrl("../../sdk/rust");
const FOLDER = await Deno.makeTempDir({ prefix: "wasm-bpf-sdk-" });
globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));

const EDITION = ["--edition", "2021", "-D", "warnings"];
const LIBRARY = [...EDITION, "--crate-name", "wasm_bpf", `${CRATE}/src/lib.rs`];
const WASI = ["--target", "wasm32-wasi", "-C", "panic=abort"];

Deno.test("the crate's unit tests pass", async () => {
  await succeed(RUSTC, ...LIBRARY, "--test", "-o", `${FOLDER}/units`);
  const output = await succeed(`${FOLDER}/units`);
  assert.match(output, /test result: ok\. [1-9]/);
});

Deno.test("the crate documents everything it exports", async () => {
  await succeed(
    RUSTC,
    ...LIBRARY,
    "--crate-type",
    "rlib",
    "--emit",
    "metadata",
    "-o",
    `${FOLDER}/m`,
  );
});

Deno.test("every call of the crate works as documented", async () => {
  await succeed(
    RUSTC,
    ...LIBRARY,
    ...WASI,
    "--crate-type",
    "rlib",
    "-o",
    `${FOLDER}/libwasm_bpf.rlib`,
  );
  const module = `${FOLDER}/api.wasm`;
  const crate = ["--extern", `wasm_bpf=${FOLDER}/libwasm_bpf.rlib`];
  const { success, stderr } = await new Deno.Command(RUSTC, {
    args: [...EDITION, ...WASI, ...crate, `${CRATE}/tests/api.rs`, "-o", module],
    env: { OBJECTS: await ORDERS.folder() },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { code, stdout, stderr: said } = await runCli(["-o", "jsonl", "--timeout", "120s", module]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: RECORD + "all well\n" }, said);
  await checkSlowBatch(module);
});
