import assert from "node:assert/strict";
import { scriptOf } from "./scripts.ts";

type Script = (
  builtin: (name: string) => Record<string, unknown>,
  load: (name: string) => unknown,
  url: string,
) => Record<string, unknown>;

/** Evaluates a script whose modules of Node have themselves as `sep`. */
function evaluate(module: string, scripts = new Map<string, string>()): Record<string, unknown> {
  const script = new Function(`return ${scriptOf(module, scripts)}`)() as Script;
  const builtin = (name: string) => ({ name, join: (...words: string[]) => words.join("+") });
  return script(builtin, (name) => `loaded ${name}`, "file:///start.js");
}

Deno.test("a module becomes a function that is given what it imports", () => {
  const exports = evaluate(
    `import{join as $j,name}from"node:path";var u=import.meta.url;` +
      `function f(){return[$j("a","b"),name,u,import("../part.ts")]}export{f as main,u};\n` +
      "/*! license */\n",
    new Map([["../part.ts", "part"]]),
  );
  const main = exports["main"] as () => unknown;
  assert.deepEqual(main(), ["a+b", "node:path", "file:///start.js", "loaded part"]);
  assert.equal(exports["u"], "file:///start.js");
});

Deno.test("every form of an import of Node's modules is taken", async () => {
  const exports = evaluate(
    `import o from"node:os";import*as f from"node:fs";import u,{name as n}from"node:util";` +
      `import"node:zlib";var h=import("node:http");var t='import {x} from "y"';` +
      `export{o,f,u,n,h,t};`,
  );
  const name = (key: string) => (exports[key] as { name: string }).name;
  assert.deepEqual([name("o"), name("f"), name("u"), exports["n"]], [
    ...["node:os", "node:fs", "node:util", "node:util"],
  ]);
  assert.equal((await exports["h"] as { name: string }).name, "node:http");
  assert.equal(exports["t"], 'import {x} from "y"');
});

Deno.test("a module that is written in another way stops the build", () => {
  const fails = (text: string, message: RegExp, scripts = new Map<string, string>()) =>
    assert.throws(() => scriptOf(text, scripts), message);
  fails("var main=1;", /no exports/);
  fails(`import("./a.ts");export{f as main};`, /an import is left/);
  fails(`import.meta.resolve("x");export{f as main};`, /an import is left/);
  const known = new Map([["./a.ts", "a"]]);
  fails("export{f as main};", /0 times/, known);
  fails(`import("./a.ts");import("./a.ts");export{f as main};`, /2 times/, known);
});
