import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { formatError, toJson, visible, visibleLine } from "./output.ts";
import { statsFormat } from "./stats.ts";
import { formatTable } from "./table.ts";

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\n");

function format(options: { detail?: string; hint?: string }, verbose = false): string[] {
  const error = new HostError("Cannot do it: EPERM", { code: "EPERM", ...options });
  return formatError(error, { verbose }).split("\n");
}

Deno.test("visible() escapes control characters", () => {
  assert.equal(visible("a\x1b[31mb\x00\x7f\x9b\r"), "a\\x1b[31mb\\x00\\x7f\\x9b\\x0d");
});

Deno.test("visible() keeps tabs, line feeds and letters of any script", () => {
  const text = "a\tb\nc é 漢字 🐝 \xa0";
  assert.equal(visible(text), text);
});

/** Ranges of characters that control a terminal, reorder text or are invisible. */
const UNSEEN = [
  ...[[0x00, 0x08], [0x0b, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x61c, 0x61c], [0x180e, 0x180e]],
  ...[[0x200b, 0x200f], [0x2028, 0x202e], [0x2060, 0x2064], [0x2066, 0x206f], [0xfeff, 0xfeff]],
  ...[[0xd800, 0xd800], [0xdfff, 0xdfff], [0xfff9, 0xfffb], [0xe0001, 0xe0001], [0xe0020, 0xe007f]],
].flatMap(([first = 0, last = 0]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index))
);

Deno.test("visible() and toJson() escape every control, bidi and zero-width character", () => {
  for (const character of UNSEEN) {
    const code = character.codePointAt(0)?.toString(16);
    const text = visible(`a${character}b`);
    assert.match(text, /^a\\[xu][{]?[0-9a-f]+[}]?b$/, code);
    assert.equal(visibleLine(`a${character}b`), text, code);
    for (const indent of [undefined, 2]) {
      const json = toJson({ [`k${character}`]: [`a${character}b`] }, indent);
      assert.ok(!json.includes(character), code);
      assert.match(json, /^[\n\x20-\x7e]*$/, code);
      assert.deepEqual(JSON.parse(json), { [`k${character}`]: [`a${character}b`] }, code);
    }
  }
});

Deno.test("visibleLine() keeps a name on its line", () => {
  assert.equal(visibleLine("a\nhint: b\tc"), "a\\nhint: b\\tc");
});

Deno.test("formatError() shows a line feed in a name as such", () => {
  const error = new HostError("Cannot find a\nhint: do this", { code: "X", hint: "b\nerror: c" });
  assert.deepEqual(formatError(error, { verbose: true }).split("\n"), [
    "error: Cannot find a\\nhint: do this",
    "hint: b\\nerror: c",
  ]);
});

Deno.test("formatTable() keeps columns aligned by what a terminal shows", () => {
  const rows = [["NAME", "SIZE"], ["a\u202eb\x9b", "1"], ["漢字", "2"], ["e\u0301\n", "3"]];
  assert.deepEqual(formatTable(rows).split("\n"), [
    "NAME          SIZE",
    "a\\u202eb\\x9b  1",
    "漢字          2",
    "e\u0301\\n           3",
  ]);
});

Deno.test("statsFormat() prints valid JSON for any map name", () => {
  const stats = {
    ...{ wallMs: 1, waitingMs: 1, runningMs: 0, memoryBytes: 0, processRssBytes: 0, final: true },
    programs: [],
    buffers: [{
      ...{ map: "m\x9b\u202e", type: "ringbuf", deliveredEvents: 1, lostEvents: null },
      ...{ truncatedEvents: 0, batches: 1 },
    }],
  } as unknown as Parameters<NonNullable<ReturnType<typeof statsFormat>>>[0];
  const json = statsFormat("json")?.(stats) ?? "";
  assert.match(json, /"m\\u009b\\u202e"/);
  assert.deepEqual(JSON.parse(json).buffers, stats.buffers);
  assert.match(statsFormat("")?.(stats) ?? "", /m\\x9b\\u202e {2}ringbuf/);
});

Deno.test("formatError() prints one line for an error alone", () => {
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

Deno.test("formatError() omits an empty detail", () => {
  assert.equal(format({ detail: "" }).length, 1);
});

Deno.test("formatError() shows the last lines of a long detail, and counts the omitted ones", () => {
  const text = format({ detail: lines(100) });
  assert.match(text[1] ?? "", /\(85 earlier lines.*--verbose/);
  assert.deepEqual(text.slice(2), lines(100).split("\n").slice(-15).map((line) => `  ${line}`));
});

Deno.test("formatError() shows 15 lines whole", () => {
  assert.equal(format({ detail: lines(15) }).length, 16);
  assert.equal(format({ detail: lines(16) }).length, 17);
});

Deno.test("formatError() shows every line when verbose", () => {
  assert.equal(format({ detail: lines(100) }, true).length, 101);
});

Deno.test("formatError() escapes control characters in a guest's names", () => {
  const error = new HostError("Cannot find map \x1b]0;owned\x07", {
    code: "ENOENT",
    detail: "\x1b[2J",
    hint: "\x9b31m",
  });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(formatError(error, { verbose: true }), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

Deno.test("formatError() reports anything but a HostError as a bug, with its stack", () => {
  const text = formatError(new TypeError("x is undefined"), { verbose: false });
  assert.match(text, /^error: .*bug.*x is undefined/);
  assert.match(text, /output_test\.ts/);
});

Deno.test("formatError() accepts thrown values that are not errors", () => {
  for (const thrown of ["text", undefined, null, 7]) {
    assert.match(formatError(thrown, { verbose: false }), /^error: .*bug/);
  }
});
