/** Calls that a guest makes millions of times allocate nothing on JavaScript's heap. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../support/paths.ts";

const MAIN = fromFileUrl("../../main.ts");
/** Does 200,000 writes a round, or reads a whole file in pieces of 64 KiB. */
const FILES = fromFileUrl("../../dist/bench/files.wasm");

/** Collects after each mebibyte, so that even a few bytes a call are visible. */
const V8_FLAGS = "--trace-gc,--max-semi-space-size=1";

const FEW = 1;
const MANY = 7;

/** Counts V8's collections while the guest runs `rounds` rounds. */
async function collections(rounds: number, options: string[], args: string[]): Promise<number> {
  const [work = "", ...rest] = args;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", `--v8-flags=${V8_FLAGS}`, MAIN, ...options],
      ...[FILES, work, String(rounds), ...rest],
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  const text = decoder.decode(stdout);
  return text.match(/\b(Scavenge|Mark-Compact|Minor Mark)/g)?.length ?? 0;
}

Deno.test("fd_write allocates nothing", async () => {
  const few = await collections(FEW, [], ["write"]);
  // One number that is not a small integer, allocated a call, would add some 15 collections.
  assert.ok(await collections(MANY, [], ["write"]) <= few + 2);
});

Deno.test("fd_read allocates nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/file`, new Uint8Array());
    // A sparse file: 16,384 pieces a round.
    await Deno.truncate(`${folder}/file`, 1024 ** 3);
    const options = ["--dir", `${folder}::/given::ro`];
    const few = await collections(1, options, ["read", "/given/file"]);
    assert.ok(await collections(9, options, ["read", "/given/file"]) <= few + 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
