/** In place of `ffi/assets.ts`: the shim whose gates a test leaves out. */
const DIST = new URL("../../dist/", import.meta.url);

/** Reads a built file. */
export function readAsset(name: string): Uint8Array<ArrayBuffer> {
  const path = name === "libbpf-shim.so" ? "tests/libbpf-shim-gates.so" : `lib/${name}`;
  return Deno.readFileSync(new URL(path, DIST));
}
