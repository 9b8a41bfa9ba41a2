/**
 * Files that the build creates and the compiled binary contains. Only this module reads them, since
 * their place relative to a module changes with every move of that module.
 */

/** One level above the modules, both in a checkout and in the compiled binary's bundles. */
const DIRECTORY = new URL("../dist/lib/", import.meta.url);

/**
 * Reads an embedded file.
 *
 * @param name file name below `dist/lib/`, such as `libbpf-shim.so`
 * @throws the error of `Deno.readFileSync()`: in a checkout, `NotFound` before the first build
 */
export function readAsset(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, DIRECTORY));
}
