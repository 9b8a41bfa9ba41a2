/** eBPF half that the tests of every SDK share: `sdk/c/tests/orders.bpf.c`. */
import assert from "node:assert/strict";
import { CliProcess } from "./cli.ts";
import { succeed } from "./actor.ts";
import { fromFileUrl } from "./paths.ts";
import { assertTimely, elapsedMs } from "./timely.ts";

const ROOT = fromFileUrl("../../");
const SOURCE = `${ROOT}sdk/c/tests/orders.bpf.c`;

const OPTIONS = [
  ...["-g", "-O2", "-Wall", "-Werror", "-target", "bpf"],
  ...["-isystem", `${ROOT}.cache/deps/uapi`, "-isystem", `${ROOT}.cache/deps/include`],
  ...["-idirafter", "/usr/include/x86_64-linux-gnu"],
];

let built: Promise<string> | undefined;

async function build(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-orders-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await succeed("clang", ...OPTIONS, "-c", SOURCE, "-o", `${folder}/orders.bpf.o`);
  await succeed("llvm-strip", "-g", `${folder}/orders.bpf.o`);
  return folder;
}

/** Far less than the 10 s that a guest's batch takes. */
const SOON_MS = 3000;

/**
 * Checks that a guest of `api.*` ends in the middle of a slow batch, and loses no event of it.
 *
 * @param words select a second way to take events, where the SDK has one
 */
export async function checkSlowBatch(module: string, ...words: string[]): Promise<void> {
  await assertTimely(SOON_MS, async () => {
    await using guest = new CliProcess([module, "slow", ...words]);
    await guest.waitFor(/first event/);
    guest.kill("SIGTERM");
    return await elapsedMs(async () => {
      const { code, stdout, stderr } = await guest.result();
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "first event\nall well\n" }, stderr);
    });
  });
}

/** Builds `orders.bpf.o` once, in a directory that is removed after the tests. */
export const ORDERS = {
  folder(): Promise<string> {
    built ??= build();
    return built;
  },
};
