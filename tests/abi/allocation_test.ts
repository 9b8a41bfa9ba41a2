/** Calls that a guest makes millions of times leave JavaScript's collector nothing to do. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../support/paths.ts";

const MAIN = fromFileUrl("../../main.ts");
/** 200,000 writes a round, or a whole file read in pieces of 64 KiB. */
const FILES = fromFileUrl("../../dist/bench/files.wasm");

/** Collects after each mebibyte, so that a few bytes a call show. */
const V8_FLAGS = "--trace-gc,--max-semi-space-size=1";

const FEW = 1;
const MANY = 7;

/** How often V8 collects while the guest does so many rounds. */
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
  // A number a call that is no small integer would be some 15 collections more.
  assert.ok(await collections(MANY, [], ["write"]) <= few + 2);
});

Deno.test("fd_read allocates nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/file`, new Uint8Array());
    // Sparse: 16,384 pieces a round.
    await Deno.truncate(`${folder}/file`, 1024 ** 3);
    const options = ["--dir", `${folder}::/given::ro`];
    const few = await collections(1, options, ["read", "/given/file"]);
    assert.ok(await collections(9, options, ["read", "/given/file"]) <= few + 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
