/**
 * Files that the build creates and the compiled binary contains. Only this module reads them, since
 * their place relative to a module changes with every move of that module.
 */

/** One level above the modules, in a checkout and in a program that `deno compile` keeps files in. */
const DIRECTORY = "../dist/lib/";

/** Set by the loader of the compiled program: see `build/steps/carried.ts`. */
const CARRIED = Symbol.for("wasm-bpf.carried");

/** Reads a file of the compiled program, whose bytes are the program's own memory. */
type ReadCarried = (name: string) => Uint8Array<ArrayBuffer> | undefined;

/**
 * Reads an embedded file.
 *
 * @param name file name below `dist/lib/`, such as `libbpf-shim.so`
 * @returns its bytes; do not change or transfer them
 * @throws the error of `Deno.readFileSync()`: in a checkout, `NotFound` before the first build
 */
export function readAsset(name: string): Uint8Array<ArrayBuffer> {
  const carried = (globalThis as { [CARRIED]?: ReadCarried })[CARRIED];
  return carried?.(name) ?? Deno.readFileSync(new URL(`${DIRECTORY}${name}`, import.meta.url));
}
