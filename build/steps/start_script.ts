/**
 * Makes the script that a plain run takes, with V8's code for it. V8 compiles 200 kB of JavaScript in
 * 10 ms of every start; it reads the code in a quarter of that. Deno's own cache of code would be a
 * file at a predictable path, which a program that runs as root must not read.
 */
import { findRuntimeBase } from "./denort.ts";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { writeFile } from "../lib/step.ts";

/** The script, one expression whose value is a function; and V8's code. */
export const SCRIPT = ".cache/plain.bin";
export const SCRIPT_CODE = ".cache/plain_code.bin";

/** Program that makes the code. It is the runtime of the product: V8 takes code of the same alone. */
const MAKER = ".cache/start/make_code.js";
/** Makes V8 compile all functions at once instead of at their first call. */
const EAGER = "--no-lazy";

/** A header's word with a hash of V8's flags, in bytes: `SerializedCodeData` of V8. */
const FLAG_HASH = { at: 12, size: 4 } as const;

const STATIC_IMPORT = /import\{([^}]*)\}from"(node:[a-z/]+)";?/g;

/**
 * Returns a module's text as an expression: a function of `builtin`, which returns a module of Node, of
 * `load`, which imports a part of the program, and of the module's URL. It returns the export `main`.
 *
 * @param parts names that the module imports, with the paths to load instead
 * @throws {BuildError} for a module that is written in another way
 */
export function scriptOf(module: string, parts: ReadonlyMap<string, string>): string {
  const heads: string[] = [];
  let text = module.replaceAll(STATIC_IMPORT, (_, names: string, from: string) => {
    heads.push(`const{${names.replaceAll(" as ", ":")}}=builtin("${from}");`);
    return "";
  });
  for (const [name, path] of parts) {
    text = replaceOnce(text, `import("${name}")`, `load("${path}")`);
  }
  text = text.replaceAll("import.meta.url", "url");
  const end = /export\{([\w$]+) as main\};?\s*$/.exec(text);
  if (end === null) throw new BuildError("Cannot make the script of a start: no export main");
  if (/\bimport(\.meta|\()/.test(text)) {
    throw new BuildError("Cannot make the script of a start: an import is left in it");
  }
  const body = `${heads.join("")}${text.slice(0, end.index)}return ${end[1]}`;
  return `(function(builtin,load,url){"use strict";${body}})`;
}

function replaceOnce(text: string, from: string, to: string): string {
  const pieces = text.split(from);
  if (pieces.length === 2) return pieces.join(to);
  throw new BuildError(`Cannot make the script of a start: ${pieces.length - 1} times ${from}`);
}

/** Returns the module that runs the script; it stands next to it, and to its parts. */
export function loaderOf(parts: Iterable<string>): string {
  const loads = [...parts].map((path) => `"${path}":()=>import("${path}")`);
  return `import vm from "node:vm";
import process from "node:process";
const read = (name) => Deno.readFileSync(new URL(name, import.meta.url));
const cachedData = read("${nameOf(SCRIPT_CODE)}");
const source = new TextDecoder().decode(read("${nameOf(SCRIPT)}"));
const script = new vm.Script(source, { filename: "${nameOf(SCRIPT)}", cachedData });
const parts = {${loads.join(",")}};
const main = script.runInThisContext()(process.getBuiltinModule, (path) => parts[path](), import.meta.url);
Deno.exit(await main(Deno.args));
`;
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/**
 * Makes V8's code of the script with all functions in it. Its header is changed to the product's flags,
 * which V8 compares: how early functions are compiled makes no difference to their code.
 *
 * @param flags V8's flags in the product
 * @throws {BuildError} where the product would refuse the code
 */
export async function makeCode(flags: readonly string[]): Promise<void> {
  writeFile(MAKER, MAKER_TEXT);
  const programs = { lazy: ".cache/start/lazy", eager: ".cache/start/eager" };
  try {
    await compileMaker(programs.lazy, flags);
    await compileMaker(programs.eager, [...flags, EAGER]);
    const lazy = await codeBy(programs.lazy);
    const code = await codeBy(programs.eager);
    code.set(lazy.subarray(FLAG_HASH.at, FLAG_HASH.at + FLAG_HASH.size), FLAG_HASH.at);
    writeFile(SCRIPT_CODE, code);
    await run(programs.lazy, [SCRIPT, SCRIPT_CODE, "check"]);
  } finally {
    for (const path of Object.values(programs)) await Deno.remove(path).catch(() => {});
  }
}

async function codeBy(program: string): Promise<Uint8Array<ArrayBuffer>> {
  await run(program, [SCRIPT, SCRIPT_CODE]);
  return await Deno.readFile(SCRIPT_CODE);
}

async function compileMaker(output: string, flags: readonly string[]): Promise<void> {
  const base = await findRuntimeBase();
  const env = base.kind === "file" ? { DENORT_BIN: base.path } : {};
  const options = ["--quiet", "--no-code-cache", "--allow-read", "--allow-write"];
  const compile = ["compile", ...options, `--v8-flags=${flags.join(",")}`, "--output", output];
  await run("deno", [...compile, MAKER], { env });
}

const MAKER_TEXT = `import vm from "node:vm";
const [source, path, check] = Deno.args;
const text = Deno.readTextFileSync(source);
const cachedData = check === undefined ? undefined : Deno.readFileSync(path);
const script = new vm.Script(text, { filename: "${nameOf(SCRIPT)}", cachedData });
if (check === undefined) Deno.writeFileSync(path, script.createCachedData());
else if (script.cachedDataRejected !== false) throw new Error("V8 refuses the code of the script");
`;
