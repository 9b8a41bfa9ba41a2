import assert from "node:assert/strict";
import { RecordsError, schemaFromText } from "./mod.ts";

function layout(text: string): string {
  const { size, fields } = schemaFromText(text, "event");
  const each = fields.map(({ name, offset, format }) => `${name}@${offset}:${format.name}`);
  return `${each.join(" ")} =${size}`;
}

const LAYOUTS = [
  ["u32 pid; char comm[16]; u64 lat_ns", "pid@0:dec comm@4:str lat_ns@24:ns =32"],
  ["packed { u8 a; u32 b; }", "a@0:dec b@1:dec =5"],
  ["int a; void *p; bool ok;", "a@0:dec p@8:addr ok@16:bool =24"],
  [
    "u8 v; struct { __u32 saddr @ipv4; unsigned short dport; } peer; u8 x",
    "v@0:dec peer.saddr@4:ipv4 peer.dport@8:dec x@12:dec =16",
  ],
  ["u64 ts @time(boot); s32 ret @errno", "ts@0:time ret@8:errno =16"],
  ["u16 family; u8 saddr[16]", "family@0:dec saddr@2:ip =18"],
  ["unsigned long long n; u32 grid[2][3]; double d", "n@0:dec grid@8:list d@32:dec =40"],
];

for (const [text = "", expected] of LAYOUTS) {
  Deno.test(`schemaFromText() lays out ${text}`, () => assert.equal(layout(text), expected));
}

const WRONG = [
  "",
  "u32",
  "u99 a",
  "u32 a[",
  "u32 a[x]",
  "u32 a; u32 a",
  "u32 a @nope",
  "struct { u32 a;",
]
  .concat(["u32 a[999999999]", "u32 a b c;", "}", "u32 a;;;", `${"struct {".repeat(40)} u32 a;`]);

for (const text of WRONG) {
  Deno.test(`schemaFromText() refuses "${text.slice(0, 24)}"`, () => {
    assert.throws(
      () => schemaFromText(text, "event"),
      (error) => error instanceof RecordsError && /BAD_(SCHEMA|FORMAT)/.test(error.code),
    );
  });
}

Deno.test("schemaFromText() reads names of values", () => {
  const { fields } = schemaFromText("u16 state @enum(OPEN = 1, CLOSED, OTHER = 9); u32 n", "x");
  assert.deepEqual(fields[0]?.type, {
    kind: "enum",
    bytes: 2,
    signed: false,
    names: [{ name: "OPEN", value: 1n }, { name: "CLOSED", value: 2n }, {
      name: "OTHER",
      value: 9n,
    }],
  });
  assert.equal(fields[1]?.offset, 4);
  for (
    const text of ["char s[4] @enum(A,B)", "u8 x @enum(A,1B)", "u8 x @enum(A,)", "f64 x @enum(A,B)"]
  ) {
    assert.throws(() => schemaFromText(text, "x"), { code: "BAD_SCHEMA" }, text);
  }
});
