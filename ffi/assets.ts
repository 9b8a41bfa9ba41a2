/**
 * Files that the build makes and the compiled binary carries. Nothing else reads them: their place
 * relative to a module would change with every move of that module.
 */

/** One level above the modules, both in a checkout and in the compiled binary's bundles. */
const DIRECTORY = new URL("../dist/lib/", import.meta.url);

/**
 * Reads a carried file.
 *
 * @param name file name below `dist/lib/`, such as `libbpf-shim.so`
 * @throws the error of `Deno.readFileSync()`: in a checkout, `NotFound` before the first build
 */
export function readAsset(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, DIRECTORY));
}
