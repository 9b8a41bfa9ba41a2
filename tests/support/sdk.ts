/** eBPF half that the tests of every SDK share: `sdk/c/tests/orders.bpf.c`. */
import { succeed } from "./actor.ts";
import { fromFileUrl } from "./paths.ts";

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

/** Builds `orders.bpf.o` once, in a directory that is removed after the tests. */
export const ORDERS = {
  folder(): Promise<string> {
    built ??= build();
    return built;
  },
};
