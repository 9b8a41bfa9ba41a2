import assert from "node:assert/strict";
import { cpuMs } from "../tests/support/timely.ts";
import { type JsonLimits, type JsonObject, readJson, repeatedMember } from "./json.ts";

const context = { what: "the test", code: "BAD_TEST" };

function read(text: string, limits?: JsonLimits): JsonObject {
  const bytes = new TextEncoder().encode(text);
  return readJson(bytes, limits === undefined ? context : { ...context, limits });
}

const limits = { bytes: 100, depth: 3, members: 5 };

Deno.test("readJson() accepts documents just inside the limits", () => {
  read(`{"a":[[1,2]]}`, limits);
  read(`{"a":"${"x".repeat(92)}"}`, limits);
});

Deno.test("readJson() refuses too many bytes, too deep nesting and too many members", () => {
  for (const text of [`{"a":"${"x".repeat(93)}"}`, `{"a":[[[]]]}`, `{"a":[1,2,3,4,5]}`]) {
    assert.throws(() => read(text, limits), { code: "TOO_LARGE" }, text);
  }
});

Deno.test("readJson() ignores brackets and commas inside strings", () => {
  read(`{"a":"[[[[{{{{,,,,,,\\"[[[,,,,"}`, limits);
});

Deno.test("readJson() refuses deep nesting without building it", () => {
  assert.throws(() => read("[".repeat(3_000_000)), { code: "TOO_LARGE" });
});

Deno.test("readJson() refuses invalid JSON, invalid UTF-8 and other values than objects", () => {
  for (const text of ["", "{", "{]", "nul", `{"a":1}x`, "\ufeff{}x"]) {
    assert.throws(() => read(text), { name: "ArtifactError", code: "BAD_JSON" }, text);
  }
  assert.throws(() => readJson(Uint8Array.of(0x22, 0xff, 0x22), context), { code: "BAD_JSON" });
  for (const text of ["[]", "null", "1", `"x"`, "true"]) {
    assert.throws(() => read(text), { code: "BAD_TEST" }, text);
  }
});

Deno.test("JsonObject returns members, and reports the path of invalid ones", () => {
  const json = read(`{"t":"x","n":7,"o":{"p":[{"q":1}]},"l":["a"],"m":{"k":"v"},"z":null}`);
  assert.equal(json.string("t"), "x");
  assert.equal(json.count("n"), 7);
  assert.deepEqual(json.strings("l"), ["a"]);
  assert.deepEqual([...json.texts("m")], [["k", "v"]]);
  assert.equal(json.string("z"), undefined);
  assert.equal(json.has("z"), false);
  assert.throws(
    () => json.requiredObject("o").objects("p")?.[0]?.string("q"),
    { code: "BAD_TEST", message: "Cannot read the test: o.p[0].q is not a string" },
  );
  assert.throws(() => json.requiredString("none"), { message: /none is missing/ });
});

Deno.test("JsonObject.count() accepts only integers from 0 to 2^53 - 1", () => {
  for (const number of ["-1", "1.5", "1e300", "9007199254740992", `"1"`, "true", "[]"]) {
    assert.throws(() => read(`{"n":${number}}`).count("n"), { code: "BAD_TEST" }, number);
  }
});

Deno.test("JsonObject has no members of JavaScript's prototype", () => {
  const json = read("{}");
  for (const name of ["__proto__", "constructor", "toString"]) assert.equal(json.has(name), false);
  assert.equal(read(`{"__proto__":"x"}`).string("__proto__"), "x");
});

Deno.test("readJson() refuses a repeated member and a byte order mark", () => {
  for (const text of ['{"a":1,"a":2}', '{"a":{"b":1,"\\u0062":2}}', '{"layers":[],"Layers":[]}']) {
    assert.throws(() => read(text), { code: "BAD_TEST", message: /is repeated/ }, text);
  }
  assert.throws(() => read('\ufeff{"a":1}'), { code: "BAD_JSON" });
});

Deno.test("repeatedMember() compares members of the same object only", () => {
  assert.equal(repeatedMember('{"a":{"a":1},"b":[{"a":1},{"a":"a"}]}'), undefined);
  assert.equal(repeatedMember('[{"x":"{","y":"\\"","x":1}]'), "x");
  assert.equal(repeatedMember('{"__proto__":1,"a":2,"__proto__":3}'), "__proto__");
});

Deno.test("repeatedMember() ignores case as Go's decoder does", () => {
  assert.equal(repeatedMember('{"layers":[],"Layers":[]}'), "Layers");
  assert.equal(repeatedMember('{"layers":[],"layer\u017f":[]}'), "layer\u017f");
  assert.equal(repeatedMember('{"k":1,"\u212a":2}'), "\u212a");
  assert.equal(repeatedMember('{"a":1,"\\u0061":2}'), "a");
});

Deno.test("repeatedMember() reads the largest manifest in bounded time", () => {
  const members = Array.from({ length: 49_000 }, (_, index) => `"${"x".repeat(70)}${index}":"y"`);
  const readAll = () => {
    assert.equal(repeatedMember(`{${members}}`), undefined);
    for (const part of ["x", "\\n", '\\"']) {
      const long = part.repeat(4 * 1024 ** 2 / part.length);
      assert.equal(repeatedMember(`{"a":"${long}","a":1}`), "a");
    }
  };
  assert.ok(cpuMs(readAll) < 10_000);
});
