import assert from "node:assert/strict";
import { saidBy } from "./status.ts";

const said = (body: unknown, type = "application/json") =>
  saidBy(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)), type);

Deno.test("saidBy() returns the messages of registries and token servers", () => {
  const errors = [{ code: "DENIED", message: "no entry", detail: { a: 1 } }, { code: "UNKNOWN" }];
  assert.equal(said({ errors }), 'DENIED: no entry ({"a":1}); UNKNOWN');
  assert.equal(
    said({ error: "invalid_grant", error_description: "expired" }),
    "invalid_grant: expired",
  );
  assert.equal(
    said({ details: "incorrect username or password" }),
    "incorrect username or password",
  );
});

Deno.test("saidBy() shows the detail of an error, bounded and escaped", () => {
  const error = (detail: unknown) => said({ errors: [{ code: "DENIED", message: "no", detail }] });
  assert.equal(error("quota of 5 GB is used up"), "DENIED: no (quota of 5 GB is used up)");
  assert.equal(
    error([{ Type: "repository", Action: "push" }]),
    'DENIED: no ([{"Type":"repository","Action":"push"}])',
  );
  for (const nothing of [undefined, null, "", {}, [], "no"]) {
    assert.equal(error(nothing), "DENIED: no");
  }
  assert.ok(error("x".repeat(5000)).length < 250);
  assert.doesNotMatch(error("a\x9b\u202e\n\u200b"), /[\p{Cc}\p{Cf}]/u);
  assert.doesNotMatch(error({ "a\u202e": "\x9b" }), /[\p{Cc}\p{Cf}]/u);
  assert.equal(said({ errors: [{ detail: { a: 1 } }] }), '({"a":1})');
});

Deno.test("saidBy() returns plain text, and no HTML", () => {
  assert.equal(said("try later\n", "text/plain; charset=utf-8"), "try later");
  assert.equal(said("<html>", "text/html"), "");
  assert.equal(said("{", "application/json"), "");
  assert.equal(said({ errors: "x" }), "");
});

Deno.test("saidBy() removes control characters, and bounds the length", () => {
  assert.equal(said({ message: "a\x1b[31m\r\n\u202eb\u0000" }), "a [31m b");
  assert.ok(said({ message: "x".repeat(50_000) }).length <= 401);
});
