import assert from "node:assert/strict";
import { HostError } from "../ffi/errors.ts";
import { formatError, visible } from "./output.ts";

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\n");

function format(options: { detail?: string; hint?: string }, verbose = false): string[] {
  const error = new HostError("Cannot do it: EPERM", { code: "EPERM", ...options });
  return formatError(error, { verbose }).split("\n");
}

Deno.test("visible() shows control characters by number", () => {
  assert.equal(visible("a\x1b[31mb\x00\x7f\x9b\r"), "a\\x1b[31mb\\x00\\x7f\\x9b\\x0d");
});

Deno.test("visible() keeps tabs, line feeds and letters of any script", () => {
  const text = "a\tb\nc é 漢字 🐝 \xa0";
  assert.equal(visible(text), text);
});

Deno.test("formatError() of an error alone is one line", () => {
  assert.deepEqual(format({}), ["error: Cannot do it: EPERM"]);
});

Deno.test("formatError() puts the detail between error and hint", () => {
  assert.deepEqual(format({ detail: "why\nhow", hint: "run as root" }), [
    "error: Cannot do it: EPERM",
    "  why",
    "  how",
    "hint: run as root",
  ]);
});

Deno.test("formatError() leaves an empty detail out", () => {
  assert.equal(format({ detail: "" }).length, 1);
});

Deno.test("formatError() shows the last lines of a long detail, and says how many it left out", () => {
  const text = format({ detail: lines(100) });
  assert.match(text[1] ?? "", /\(85 lines .*--verbose/);
  assert.deepEqual(text.slice(2), lines(100).split("\n").slice(-15).map((line) => `  ${line}`));
});

Deno.test("formatError() shows 15 lines whole", () => {
  assert.equal(format({ detail: lines(15) }).length, 16);
  assert.equal(format({ detail: lines(16) }).length, 17);
});

Deno.test("formatError() shows every line when verbose", () => {
  assert.equal(format({ detail: lines(100) }, true).length, 101);
});

Deno.test("formatError() lets no name of a guest's steer the terminal", () => {
  const error = new HostError("Cannot find map \x1b]0;owned\x07", {
    code: "ENOENT",
    detail: "\x1b[2J",
    hint: "\x9b31m",
  });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(formatError(error, { verbose: true }), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

Deno.test("formatError() calls anything that is no HostError a bug, with its stack", () => {
  const text = formatError(new TypeError("x is undefined"), { verbose: false });
  assert.match(text, /^error: .*bug.*x is undefined/);
  assert.match(text, /output_test\.ts/);
});

Deno.test("formatError() takes what is thrown without being an error", () => {
  for (const thrown of ["text", undefined, null, 7]) {
    assert.match(formatError(thrown, { verbose: false }), /^error: .*bug/);
  }
});
