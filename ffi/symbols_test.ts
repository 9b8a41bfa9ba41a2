import assert from "node:assert/strict";
import { SYMBOLS } from "./symbols.ts";

const HEADER = new URL("../libbpf-shim/libbpf-shim.h", import.meta.url);
const TABLE = new URL("./symbols.ts", import.meta.url);

/** Every `SHIM_API` declaration on one line each, by function name. */
function declarations(header: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of header.matchAll(/^SHIM_API ([^;]+);/gm)) {
    const text = (match[1] ?? "").replace(/\s+/g, " ");
    const name = /(shim_\w+)\(/.exec(text)?.[1];
    assert.ok(name, `no function name in: ${text}`);
    found.set(name, text);
  }
  return found;
}

const SCALARS = new Map([
  ["int32_t", "i32"],
  ["uint32_t", "u32"],
  ["int64_t", "i64"],
  ["uint64_t", "u64"],
  ["void", "void"],
]);

/** The FFI types that a C type may have. */
function allowed(cType: string): string[] {
  const scalar = SCALARS.get(cType);
  if (scalar !== undefined) return [scalar];
  if (cType.endsWith("**") || cType === "void *" || cType === "const char *") {
    return ["buffer", "pointer"];
  }
  assert.match(cType, /^struct shim_\w+ \*$/, `unexpected C type ${cType}`);
  return ["pointer"];
}

function splitParameters(text: string): string[] {
  const inside = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  if (inside === "void") return [];
  return inside.split(", ").map((parameter) => parameter.replace(/\w+$/, "").trim());
}

Deno.test("SYMBOLS has a row for every function of the header and no other", async () => {
  const header = declarations(await Deno.readTextFile(HEADER));
  assert.ok(header.size > 30);
  assert.deepEqual(Object.keys(SYMBOLS).sort(), [...header.keys()].sort());
});

Deno.test("SYMBOLS agrees with the header in every parameter and result", async () => {
  for (const [name, text] of declarations(await Deno.readTextFile(HEADER))) {
    const row = SYMBOLS[name as keyof typeof SYMBOLS];
    const parameters = splitParameters(text);
    assert.equal(row.parameters.length, parameters.length, name);
    parameters.forEach((cType, i) => {
      assert.ok(allowed(cType).includes(String(row.parameters[i])), `${name}, parameter ${i + 1}`);
    });
    const result = text.slice(0, text.indexOf("shim_")).trim();
    assert.ok(allowed(result).includes(row.result), `${name}, result`);
  }
});

Deno.test("SYMBOLS shows each row's declaration as it stands in the header", async () => {
  const table = await Deno.readTextFile(TABLE);
  for (const [name, text] of declarations(await Deno.readTextFile(HEADER))) {
    assert.ok(table.includes(`  // ${text}\n  ${name}: {`), `${name}: comment differs`);
  }
});
