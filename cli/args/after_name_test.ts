import assert from "node:assert/strict";
import { guestSyntax } from "../box/guest_syntax.ts";
import { mergedLine, splitWords, type ToolSyntax } from "./after_name.ts";
import { parseCommandLine } from "./options.ts";
import { RUN_OPTIONS } from "./run_options.ts";

/** A tool with options of the same names as ours, and others. */
const TOOL: ToolSyntax = {
  name: "tool",
  names: ["limit", "verbose", "name"],
  letters: "op",
  long: (name) =>
    name === "limit" || name === "name"
      ? { takesValue: true }
      : name === "verbose"
      ? { takesValue: false }
      : undefined,
  short: (letter) =>
    letter === "n" || letter === "p"
      ? { takesValue: true }
      : letter === "v"
      ? { takesValue: false }
      : undefined,
};

for (
  const [words, own, ours] of [
    ["--count 2 -n a", "-n a", "--count=2"],
    ["--limit 3 --sort -a", "--limit 3", "--sort=-a"],
    ["--limit=3 --top", "--limit=3", "--top"],
    // Values, also those that look like options of ours.
    ["-n --count --top", "-n --count", "--top"],
    ["--name --count --top", "--name --count", "--top"],
    ["-vn --count", "-vn --count", ""],
    ["-vncount -ojson", "-vncount", "--output=json"],
    ["-vo csv -v", "-v -v", "--output=csv"],
    ["-p 5 --pid 6", "-p 5", "--pid=6"],
    ["--stats x --stats=json", "x", "--stats --stats=json"],
    ["a --top b", "a b", "--top"],
    ["--verbose -z", "--verbose -z", ""],
    ["--top -- --count -o", "-- --count -o", "--top"],
    ["- -- -n", "- -- -n", ""],
  ] as const
) {
  Deno.test(`splitWords() takes "${words}" apart`, () => {
    const list = (text: string) => text === "" ? [] : text.split(" ");
    const split = splitWords(TOOL, list(words));
    assert.deepEqual([split.own, split.ours], [list(own), list(ours)]);
    assert.equal(split.wantsHelp, false);
  });
}

Deno.test("splitWords() finds the request for help", () => {
  for (const words of [["--help"], ["-h"], ["-vh"]]) {
    assert.equal(splitWords(TOOL, words).wantsHelp, true);
  }
  for (const words of [["-nh"], ["-n", "-h"], ["--", "-h"], ["--name", "--help"]]) {
    assert.equal(splitWords(TOOL, words).wantsHelp, false);
  }
});

for (
  const [words, reason] of [
    [["--cuont", "2"], /"--cuont"/],
    [["--count"], /--count needs a value/],
    [["-o"], /-o needs a value/],
    [["--pull", "always"], /--pull after "tool"/],
    [["--installed"], /--installed after "tool"/],
    [["--version"], /version of "tool"/],
    [["--constructor"], /"--constructor"/],
  ] as const
) {
  Deno.test(`splitWords() refuses ${words.join(" ")}`, () => {
    assert.throws(() => splitWords(TOOL, words), { code: "USAGE", message: reason });
  });
}

Deno.test("a guest of the box keeps abbreviations of its options, unless they are options of ours", () => {
  const syntax = guestSyntax("opensnoop");
  assert.ok(syntax !== undefined);
  const split = splitWords(syntax, ["--na", "cat", "--time", "--timestamp", "--he"]);
  assert.deepEqual(split.own, ["--na", "cat", "--timestamp", "--he"]);
  assert.deepEqual(split.ours, ["--time"]);
  // Ambiguous ones are unknown, as to getopt.
  assert.throws(() => splitWords(syntax, ["--ti"]), { code: "USAGE" });
  assert.equal(guestSyntax("exitsnoop"), undefined);
});

Deno.test("mergedLine() adds to lists, and the last value counts", () => {
  const line = parseCommandLine(["-o", "json=a", "--count", "1", "tool", "x"], RUN_OPTIONS);
  const merged = mergedLine(line, ["--output=csv", "--count=2", "--top"]);
  assert.deepEqual(merged.lists?.output, ["json=a", "csv"]);
  assert.equal(merged.values.count, "2");
  assert.deepEqual([merged.flags.has("top"), merged.rest], [true, ["tool", "x"]]);
});

Deno.test("splitWords() takes numbers and letters of other tools for options of ours", () => {
  const tool: ToolSyntax = {
    ...TOOL,
    habit: (letter) =>
      ({
        ...{ d: { name: "timeout" }, r: { name: "limit" }, w: { flag: "verbose" }, T: {} } as const,
        s: { name: "sort", translate: (text: string) => text === "all" ? undefined : `-${text}` },
      } as const)[letter],
    numbers: (words) =>
      words.every((word) => word === "5") ? { ours: ["--interval=5s"] } : undefined,
  };
  const split = (...words: string[]) => {
    const { own, ours } = splitWords(tool, words);
    return { own, ours };
  };
  assert.deepEqual(split("-T", "5", "--", "5"), { own: ["--", "5"], ours: ["--interval=5s"] });
  assert.deepEqual(split("-Td3", "-d", "500ms"), {
    own: [],
    ours: ["--timeout=3s", "--timeout=500ms"],
  });
  assert.deepEqual(split("-Twr", "20"), { own: [], ours: ["--verbose", "--limit=20"] });
  assert.deepEqual(split("-Ts", "all", "-sreads"), { own: [], ours: ["--sort=-reads"] });
  // Words other than numbers are the tool's, which refuses them.
  assert.deepEqual(split("5", "x"), { own: ["5", "x"], ours: [] });
  // The value of an option of the tool is not a number of its own.
  assert.deepEqual(split("-n", "5", "-v"), { own: ["-n", "5", "-v"], ours: [] });
  assert.throws(() => splitWords(tool, ["-d"]), { code: "USAGE" });
});
