/**
 * Makes the program's modules scripts, with V8's code for them. V8 compiles 200 kB of JavaScript in
 * 10 ms of every start; it reads the code in a quarter of that. Deno's own cache of code would be a
 * file at a predictable path, which a program that runs as root must not read.
 */
import { join } from "node:path";
import { findRuntimeBase } from "./denort.ts";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { writeFile } from "../lib/step.ts";

/** Folder of scripts and of what makes their code. */
const FOLDER = ".cache/scripts";
const MAKER = join(FOLDER, "make_code.js");

/** Makes V8 compile all functions at once instead of at their first call. */
const EAGER = "--no-lazy";

/** A header's word with a hash of V8's flags, in bytes: `SerializedCodeData` of V8. */
const FLAG_HASH = { at: 12, size: 4 } as const;

/** `import` statements of minified modules. */
const STATIC_IMPORT =
  /\bimport(?:\{([^}"]*)\}|\*as ([\w$]+)|[ ]([\w$]+)(?:,\{([^}"]*)\})?) ?from"(node:[a-z_/]+)";?/g;
const BARE_IMPORT = /\bimport"node:[a-z_/]+";?/g;
const EXPORT = /\bexport\{([^}"]*)\};?(?=\s*(?:\/\*[^]*\*\/\s*)?$)/;

/** Paths of a script and of its code. */
export interface ScriptFiles {
  readonly script: string;
  readonly code: string;
}

/** Returns the paths of a script. */
export function scriptFiles(name: string): ScriptFiles {
  return { script: join(FOLDER, `${name}.js`), code: join(FOLDER, `${name}.code`) };
}

/**
 * Returns a module's text as an expression: a function of `builtin`, which returns a module of Node, of
 * `load`, which imports another script, and of `url`, its own URL. It returns the exports.
 *
 * @param scripts names that the module imports, with those of scripts
 * @throws {BuildError} for a module that is written in another way
 */
export function scriptOf(module: string, scripts: ReadonlyMap<string, string>): string {
  const heads: string[] = [];
  let text = module.replaceAll(STATIC_IMPORT, (_, names, all, one, more, from) => {
    const take = (what: string) => heads.push(`const ${what}=builtin("${from}");`);
    const pattern = (list: string) => `{${list.replaceAll(" as ", ":")}}`;
    if (names !== undefined) take(pattern(names));
    if (all !== undefined) take(all);
    if (one !== undefined) take(one);
    if (more !== undefined) take(pattern(more));
    return "";
  }).replaceAll(BARE_IMPORT, "");
  text = text.replaceAll(/\bimport\("(node:[a-z_/]+)"\)/g, `Promise.resolve(builtin("$1"))`);
  for (const [name, script] of scripts) {
    text = replaceOnce(text, `import("${name}")`, `load("${script}")`);
  }
  text = text.replaceAll("import.meta.url", "url");
  const end = EXPORT.exec(text);
  if (end === null) throw new BuildError("Cannot make a script: the module has no exports");
  if (/\bimport(\.meta|\()/.test(text)) {
    throw new BuildError("Cannot make a script: an import is left in it");
  }
  const exported = end[1]?.split(",").map((word) => word.split(" as "))
    .map(([own, name = own]) => `${name}:${own}`);
  const body = `${heads.join("")}${text.slice(0, end.index)};return{${exported}}`;
  return `(function(builtin,load,url){"use strict";${body}})`;
}

function replaceOnce(text: string, from: string, to: string): string {
  const pieces = text.split(from);
  if (pieces.length === 2) return pieces.join(to);
  throw new BuildError(`Cannot make a script: ${from} is in it ${pieces.length - 1} times`);
}

/** A script to make code of. */
export interface Script {
  readonly name: string;
  /** True for code of all functions; else of those that run as the script is loaded. */
  readonly whole: boolean;
}

/**
 * Makes V8's code of scripts. The header of code with all functions is changed to the product's flags,
 * which V8 compares: how early functions are compiled makes no difference to their code.
 *
 * @param flags V8's flags in the product
 * @param withProgram gets a program that the product's runtime is in
 * @throws {BuildError} where the product would refuse the code
 */
export async function makeCode(
  scripts: readonly Script[],
  flags: readonly string[],
  withProgram: (path: string) => Promise<void>,
): Promise<void> {
  writeFile(MAKER, MAKER_TEXT);
  const programs = { lazy: join(FOLDER, "lazy"), eager: join(FOLDER, "eager") };
  try {
    await compileMaker(programs.lazy, flags);
    await compileMaker(programs.eager, [...flags, EAGER]);
    for (const { name, whole } of scripts) {
      const { script, code } = scriptFiles(name);
      const lazy = await codeBy(programs.lazy, script, code);
      if (whole) {
        const all = await codeBy(programs.eager, script, code);
        all.set(lazy.subarray(FLAG_HASH.at, FLAG_HASH.at + FLAG_HASH.size), FLAG_HASH.at);
        writeFile(code, all);
      }
      await run(programs.lazy, [script, code, "check"]);
    }
    await withProgram(programs.lazy);
  } finally {
    for (const path of Object.values(programs)) await Deno.remove(path).catch(() => {});
  }
}

async function codeBy(
  program: string,
  script: string,
  code: string,
): Promise<Uint8Array<ArrayBuffer>> {
  await run(program, [script, code]);
  return await Deno.readFile(code);
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
const script = new vm.Script(text, { filename: source, cachedData });
if (check === undefined) Deno.writeFileSync(path, script.createCachedData());
else if (script.cachedDataRejected !== false) throw new Error("V8 refuses the code of " + source);
`;
