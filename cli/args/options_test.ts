import assert from "node:assert/strict";
import { type OptionSpec, parseCommandLine } from "./options.ts";

const SPECS = {
  "timeout": { argument: "DURATION" },
  "module": { short: "m", argument: "NAME" },
  "verbose": { short: "v" },
  "help": { short: "h" },
} as const satisfies Record<string, OptionSpec>;

function parse(...args: string[]) {
  const { values, flags, rest } = parseCommandLine(args, SPECS);
  return { values, flags: [...flags], rest };
}

function refused(...args: string[]): Error & { hint?: string } {
  try {
    parse(...args);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "USAGE");
    return error as Error;
  }
  assert.fail(`accepted ${JSON.stringify(args)}`);
}

Deno.test("parseCommandLine() returns nothing for no words", () => {
  assert.deepEqual(parse(), { values: {}, flags: [], rest: [] });
});

Deno.test("parseCommandLine() accepts long options with = and with a space", () => {
  assert.deepEqual(parse("--timeout", "1s", "x").values, { timeout: "1s" });
  assert.deepEqual(parse("--timeout=1s", "x").values, { timeout: "1s" });
});

Deno.test("parseCommandLine() accepts short options with and without a space", () => {
  assert.deepEqual(parse("-m", "env", "x"), { values: { module: "env" }, flags: [], rest: ["x"] });
  assert.deepEqual(parse("-menv", "x"), { values: { module: "env" }, flags: [], rest: ["x"] });
});

Deno.test("parseCommandLine() accepts several short options in one word", () => {
  assert.deepEqual(parse("-vh", "x").flags, ["verbose", "help"]);
  assert.deepEqual(parse("-vmenv", "x"), {
    values: { module: "env" },
    flags: ["verbose"],
    rest: ["x"],
  });
});

Deno.test("parseCommandLine() leaves everything after the first operand untouched", () => {
  const rest = ["guest.wasm", "-v", "--no-such", "--", "", "--timeout", "-m=x", "-"];
  assert.deepEqual(parse("-h", ...rest), { values: {}, flags: ["help"], rest });
});

Deno.test("parseCommandLine() ends options at -- and removes it", () => {
  assert.deepEqual(parse("-v", "--", "-v", "--").rest, ["-v", "--"]);
});

Deno.test("parseCommandLine() reads - and an empty word as operands", () => {
  assert.deepEqual(parse("-", "-v").rest, ["-", "-v"]);
  assert.deepEqual(parse("", "-v").rest, ["", "-v"]);
});

Deno.test("parseCommandLine() uses the last of several values", () => {
  assert.deepEqual(parse("--timeout=1s", "--timeout", "2s").values, { timeout: "2s" });
});

Deno.test("parseCommandLine() keeps = inside a value", () => {
  assert.deepEqual(parse("--module=a=b").values, { module: "a=b" });
});

Deno.test("parseCommandLine() refuses an unknown option", () => {
  for (const option of ["--no-such", "-x", "-vx", "--VERBOSE", "---v", "--no-verbose", "-é"]) {
    refused(option, "x");
  }
});

Deno.test("parseCommandLine() refuses the names of JavaScript's own properties", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    refused(`--${name}`, "x");
    refused(`--${name}=1`, "x");
  }
});

Deno.test("parseCommandLine() refuses an option without its value", () => {
  for (const args of [["--timeout"], ["--timeout="], ["-m"], ["-vm"], ["--timeout", ""]]) {
    refused(...args);
  }
});

Deno.test("parseCommandLine() refuses a value that an option does not take", () => {
  for (const option of ["--verbose=1", "--verbose=", "--help=yes"]) refused(option, "x");
});

Deno.test("parseCommandLine() suggests only close names", () => {
  assert.match(refused("--timout", "1s").hint ?? "", /--timeout/);
  assert.match(refused("--verbos").hint ?? "", /--verbose/);
  assert.doesNotMatch(refused("--publish").hint ?? "", /did you mean/);
});

Deno.test("parseCommandLine() reads an optional value only after =", () => {
  const specs = { format: { argument: "json", optional: true } };
  const parse = (...args: string[]) => parseCommandLine(args, specs);
  assert.deepEqual(parse("--format", "m"), {
    values: { format: "" },
    flags: new Set(),
    rest: ["m"],
  });
  assert.deepEqual(parse("--format=json", "m").values, { format: "json" });
  assert.throws(() => parse("--format=", "m"), /needs a value/);
});

Deno.test("parseCommandLine() reads options after operands until -- when interleaved", () => {
  const args = ["pull", "-v", "x", "--timeout", "1s", "--", "-h", "y"];
  const { values, flags, rest } = parseCommandLine(args, SPECS, { interleaved: true });
  assert.deepEqual(values, { timeout: "1s" });
  assert.deepEqual([...flags], ["verbose"]);
  assert.deepEqual(rest, ["pull", "x", "-h", "y"]);
});

Deno.test("parseCommandLine() keeps all values of a repeatable option, in their order", () => {
  const specs = { dir: { argument: "HOST", repeatable: true }, name: { argument: "NAME" } };
  const { values, lists } = parseCommandLine(
    ["--dir=b", "--name=x", "--dir", "a", "--name=y", "--dir=b", "m", "--dir=c"],
    specs,
  );
  assert.deepEqual(lists, { dir: ["b", "a", "b"] });
  assert.deepEqual(values, { dir: "b", name: "y" });
});
