import assert from "node:assert/strict";
import { loaderOf, scriptOf } from "./start_script.ts";

type Script = (
  builtin: (name: string) => unknown,
  load: (path: string) => unknown,
  url: string,
) => () => unknown;

const evaluate = (text: string) => new Function(`return ${text}`)() as Script;

Deno.test("a module becomes a function that is given what it imports", () => {
  const module = `import{join as $j,sep}from"node:path";var u=import.meta.url;` +
    `function f(){return[$j("a","b"),sep,u,import("../part.ts")]}export{f as main};\n`;
  const script = evaluate(scriptOf(module, new Map([["../part.ts", "./part.js"]])));
  const main = script(
    (name) => ({ name, join: (...words: string[]) => words.join("+"), sep: name }),
    (path) => `loaded ${path}`,
    "file:///start.js",
  );
  assert.deepEqual(main(), ["a+b", "node:path", "file:///start.js", "loaded ./part.js"]);
});

Deno.test("a module that is written in another way stops the build", () => {
  const fails = (text: string, message: RegExp, parts = new Map<string, string>()) =>
    assert.throws(() => scriptOf(text, parts), message);
  fails("var main=1;", /no export main/);
  fails(`import("./a.ts");export{f as main};`, /an import is left/);
  fails(`import.meta.resolve("x");export{f as main};`, /an import is left/);
  fails("export{f as main};", /0 times/, new Map([["./a.ts", "./a.js"]]));
  fails(
    `import("./a.ts");import("./a.ts");export{f as main};`,
    /2 times/,
    new Map([["./a.ts", "./a.js"]]),
  );
});

Deno.test("the loader names its parts in imports that deno compile finds", () => {
  const text = loaderOf(["./a.js", "./b.js"]);
  assert.match(text, /import\("\.\/a\.js"\)/);
  assert.match(text, /import\("\.\/b\.js"\)/);
});
