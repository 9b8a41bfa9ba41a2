/**
 * Files that the program carries next to what `deno compile` appends, which Deno reads and copies as a
 * whole at each start: 1 ms a megabyte. These are mapped, so that only the pages that are used cost.
 */

/** Place of a file among the carried ones, in bytes. */
export type Place = readonly [offset: number, size: number];

/** Files one after the other, each at the start of a page. */
export interface Carried {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly places: Readonly<Record<string, Place>>;
}

const PAGE = 4096;

/** Returns the next start of a page. */
export function pageAfter(offset: number): number {
  return Math.ceil(offset / PAGE) * PAGE;
}

/** Puts files together. */
export function pack(files: ReadonlyMap<string, Uint8Array>): Carried {
  const places: Record<string, Place> = {};
  let end = 0;
  for (const [name, content] of files) {
    places[name] = [end, content.length];
    end = pageAfter(end + content.length);
  }
  const bytes = new Uint8Array(end);
  for (const [name, content] of files) bytes.set(content, places[name]?.[0]);
  return { bytes, places };
}

/** O_RDONLY | O_CLOEXEC. */
const OPEN_FLAGS = 0o2000000;
/** PROT_READ | PROT_WRITE: a write changes a copy of the page. */
const PROTECTION = 3;
const MAP_PRIVATE = 2;

/**
 * Returns the module that the program starts with: it maps the carried files and runs the script `start`,
 * which takes the program's arguments and returns the exit code.
 *
 * @param at where they are in the program's file
 */
export function loaderOf({ bytes, places }: Carried, at: number): string {
  return `import vm from "node:vm";
import process from "node:process";
const places = ${JSON.stringify(places)};
const names = ["open", "mmap", "close"];
const libc = Deno.dlopen("libc.so.6", Object.fromEntries(names.map((name) => [name, { type: "pointer" }])));
const call = (name, parameters, result, ...args) =>
  new Deno.UnsafeFnPointer(libc.symbols[name], { parameters, result }).call(...args);
const path = new TextEncoder().encode("/proc/self/exe\\0");
const file = call("open", ["buffer", "i32"], "i32", path, ${OPEN_FLAGS});
if (file < 0) throw new Error("Cannot open the program's own file /proc/self/exe");
const mapped = call("mmap", ["pointer", "usize", "i32", "i32", "i32", "i64"], "pointer",
  null, ${bytes.length}n, ${PROTECTION}, ${MAP_PRIVATE}, file, ${at}n);
call("close", ["i32"], "i32", file);
if (mapped === null || BigInt.asIntN(64, Deno.UnsafePointer.value(mapped)) === -1n) {
  throw new Error("Cannot map the program's own file /proc/self/exe");
}
const read = (name) => {
  const place = Object.hasOwn(places, name) ? places[name] : undefined;
  return place && new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(mapped, place[1], place[0]));
};
globalThis[Symbol.for("wasm-bpf.carried")] = read;
const run = (name) => {
  const source = new TextDecoder().decode(read(name + ".js"));
  const script = new vm.Script(source, { filename: name + ".js", cachedData: read(name + ".code") });
  return script.runInThisContext()(process.getBuiltinModule, load, import.meta.url);
};
const loaded = {};
const load = async (name) => loaded[name] ??= run(name);
Deno.exit(await run("start").main(Deno.args));
`;
}
