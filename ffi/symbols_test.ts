import assert from "node:assert/strict";
import { FILE_SYMBOLS } from "./file_symbols.ts";
import { SYMBOLS } from "./symbols.ts";
import { TRACING_SYMBOLS } from "./tracing_symbols.ts";

/** Each table, its file, and its header. */
const TABLES = [
  { name: "SYMBOLS", rows: SYMBOLS, file: "./symbols.ts", header: "libbpf-shim.h", atLeast: 30 },
  {
    name: "FILE_SYMBOLS",
    rows: FILE_SYMBOLS,
    file: "./file_symbols.ts",
    header: "files.h",
    atLeast: 20,
  },
  {
    name: "TRACING_SYMBOLS",
    rows: TRACING_SYMBOLS,
    file: "./tracing_symbols.ts",
    header: "tracing.h",
    atLeast: 10,
  },
] as const;

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, import.meta.url));
}

/** Returns every `SHIM_API` declaration on one line, by function name. */
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

/** Returns the FFI types that a C type may have. */
function allowed(cType: string): string[] {
  const scalar = SCALARS.get(cType);
  if (scalar !== undefined) return [scalar];
  if (
    cType.endsWith("**") || cType === "void *" || cType === "const void *" ||
    cType === "const char *" || cType === "uint64_t *"
  ) {
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

for (const { name: table, rows, file, header, atLeast } of TABLES) {
  const declared = async () => declarations(await read(`../libbpf-shim/${header}`));
  const all: Readonly<Record<string, Deno.ForeignFunction>> = rows;

  Deno.test(`${table} has exactly one row for every function of the header`, async () => {
    const found = await declared();
    assert.ok(found.size > atLeast);
    assert.deepEqual(Object.keys(rows).sort(), [...found.keys()].sort());
  });

  Deno.test(`${table} matches the header in every parameter and result`, async () => {
    for (const [name, text] of await declared()) {
      const row = all[name];
      assert.ok(row !== undefined, name);
      const parameters = splitParameters(text);
      assert.equal(row.parameters.length, parameters.length, name);
      parameters.forEach((cType, i) => {
        assert.ok(
          allowed(cType).includes(String(row.parameters[i])),
          `${name}, parameter ${i + 1}`,
        );
      });
      const result = text.slice(0, text.indexOf("shim_")).trim();
      assert.ok(allowed(result).includes(String(row.result)), `${name}, result`);
    }
  });

  Deno.test(`${table} quotes each declaration of the header`, async () => {
    const text = await read(file);
    for (const [name, declaration] of await declared()) {
      assert.ok(text.includes(`  // ${declaration}\n  ${name}: {`), `${name}: comment differs`);
    }
  });
}
