import assert from "node:assert/strict";
import { computationOf } from "./computed.ts";
import type { Field, Schema } from "./schema.ts";
import { schemaFromText } from "./schema_text.ts";

/** Schema with members `hits` and `misses`, and `share`, which is computed. */
function withFormula(computed: string, type = "u64"): Schema {
  const schema = schemaFromText(`u64 hits; s64 misses; ${type} share; char comm[8]`, "pages");
  const fields = schema.fields.map((field): Field =>
    field.name === "share" ? { ...field, computed } : field
  );
  return { ...schema, fields };
}

function computed(formula: string, hits: bigint, misses: bigint, type?: string): bigint {
  const row = new Uint8Array(40);
  const view = new DataView(row.buffer);
  view.setBigUint64(8, hits, true);
  view.setBigInt64(16, misses, true);
  computationOf(withFormula(formula, type))?.(row, view, 8);
  return type === "u32" ? BigInt(view.getUint32(24, true)) : view.getBigUint64(24, true);
}

Deno.test("computationOf() computes products before sums, from left to right", () => {
  assert.equal(computed("hits - misses - 1", 10n, 3n), 6n);
  assert.equal(computed("1 + hits * 2", 10n, 3n), 21n);
  assert.equal(computed("100 * hits / (hits + misses)", 2n, 1n), 66n);
  assert.equal(computed("hits / misses / 2", 12n, 3n, "u32"), 2n);
  assert.equal(computed("hits / 2 * 3", 5n, 0n), 7n);
});

Deno.test("computationOf() results in 0 for negative values and divisions by zero", () => {
  assert.equal(computed("hits - misses", 1n, 3n), 0n);
  assert.equal(computed("misses", 0n, -3n), 0n);
  assert.equal(computed("hits / misses", 1n, 0n), 0n);
  assert.equal(computed("hits / misses", 0n, 0n), 0n);
});

Deno.test("computationOf() keeps values that do not fit the field at its highest", () => {
  assert.equal(computed("hits * hits", 1n << 20n, 0n, "u32"), 0xffffffffn);
});

Deno.test("computationOf() returns undefined for a schema without formulas", () => {
  assert.equal(computationOf(schemaFromText("u64 a", "pages")), undefined);
});

for (
  const [formula, code] of [
    ["", "BAD_ANNOTATION"],
    ["hits +", "BAD_ANNOTATION"],
    ["(hits", "BAD_ANNOTATION"],
    ["hits)", "BAD_ANNOTATION"],
    ["hits misses", "BAD_ANNOTATION"],
    ["hits; misses", "BAD_ANNOTATION"],
    ["comm", "BAD_ANNOTATION"],
    ["nothing", "UNKNOWN_FIELD"],
    ["__proto__", "UNKNOWN_FIELD"],
    ["(".repeat(300), "BAD_ANNOTATION"],
  ] as const
) {
  Deno.test(`computationOf() refuses ${JSON.stringify(formula.slice(0, 20))}`, () => {
    assert.throws(() => computationOf(withFormula(formula)), { code });
  });
}

Deno.test("computationOf() refuses a computed field that is not an integer", () => {
  assert.throws(() => computationOf(withFormula("hits", "char")), { code: "BAD_ANNOTATION" });
});
