import assert from "node:assert/strict";

const MODULE = JSON.stringify(new URL("./lazy_functions.ts", import.meta.url).href);

/** Calls functions of libc often, one after the other; counts wrong results. */
const CALLS = `
  import { compile } from ${MODULE};
  const table = {
    abs: { parameters: ["i32"], result: "i32" },
    toupper: { parameters: ["i32"], result: "i32" },
    ntohl: { parameters: ["u32"], result: "u32" },
    llabs: { parameters: ["i64"], result: "i64" },
  };
  const functions = {};
  for (const name of Object.keys(table)) compile({ functions, table, path: "libc.so.6" }, name);
  let wrong = 0;
  const check = (name, argument, result) => {
    for (let i = 0; i < 100; i++) if (BigInt(functions[name](argument)) !== BigInt(result)) wrong++;
  };
  check("abs", -3, 3);
  check("toupper", 97, 65);
  check("ntohl", 0x01000000, 1);
  check("ntohl", 0x010000ff, 0xff000001);
  check("ntohl", 0xff000001, 0x010000ff);
  check("llabs", -3n, 3n);
`;
async function evaluate(code: string, ...flags: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", ...flags, code],
  }).output();
  const text = new TextDecoder();
  return (text.decode(stdout) + text.decode(stderr)).trim();
}

Deno.test("V8's last compiler comes once to each function around a compiled one", async () => {
  const flags = "--v8-flags=--allow-natives-syntax,--trace-opt,--trace-deopt";
  const trace = await evaluate(CALLS, flags);
  const asked = trace.matchAll(/manually marking \w+ <JSFunction (\w+) /g);
  const names = [...asked].map(([, name]) => name);
  assert.deepEqual(names, ["abs", "toupper", "ntohl", "llabs"], trace);
  for (const name of names) assert.doesNotMatch(trace, new RegExp(`deoptimizing.* ${name} `));
});

Deno.test("a function around a compiled one takes what V8 did not compile it for", async () => {
  const code = `${CALLS} check("llabs", -3, 3n); console.log(wrong);`;
  assert.equal(await evaluate(code, "--v8-flags=--allow-natives-syntax"), "0");
});

Deno.test("compiled functions work where V8 decides", async () => {
  assert.equal(await evaluate(`${CALLS} console.log(wrong);`), "0");
});
