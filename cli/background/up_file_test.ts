import assert from "node:assert/strict";
import { fromFileUrl } from "../../tests/support/paths.ts";
import { parseUpFile } from "./up_file.ts";
import { upSchema } from "./up_schema.ts";

Deno.test("parseUpFile() returns the words of each run, and its line", () => {
  const runs = parseUpFile(
    `# tools
runs:
  - name: exits
    run: exitsnoop
    args: [--failed, 1]
    options: { timeout: 10s, verbose: true, quiet: false, env: [A=1, B] }
    permissions:
      allow: [observe, inspect]
      strict: true
    sinks: [jsonl, csv=/tmp/x]
    log-size: 1M

  - name: other
    run: ghcr.io/you/tool:v1
    restart: on-failure:3
`,
    "f",
  );
  assert.deepEqual(runs, [
    {
      name: "exits",
      words: [
        ...["--detach", "--name=exits", "--restart=always", "--log-size=1M", "--timeout=10s"],
        ...["--verbose", "--env=A=1", "--env=B", "--allow-bpf=observe,inspect", "--strict"],
        ...["--output=jsonl", "--output=csv=/tmp/x", "--", "exitsnoop", "--failed", "1"],
      ],
      line: 3,
    },
    {
      name: "other",
      words: ["--detach", "--name=other", "--restart=on-failure:3", "--", "ghcr.io/you/tool:v1"],
      line: 13,
    },
  ]);
});

Deno.test("parseUpFile() keeps numbers as they are written, and merges", () => {
  const text = `runs:
  - &base { name: a, run: x, args: [010, 1.10, 0x1F, 18446744073709551615, 1e400, 2026-01-01, -0] }
  - { <<: *base, name: b }
`;
  const args = ["010", "1.10", "0x1F", "18446744073709551615", "1e400", "2026-01-01", "-0"];
  for (const { words } of parseUpFile(text, "f")) {
    assert.deepEqual(words.slice(words.indexOf("--") + 2), args);
  }
});

const WRONG: readonly [text: string, line: number, reason: RegExp][] = [
  ["", 1, /not a mapping/],
  ["runs:\n  - name: a\n    run: x\n  - nam: b\n    run: x\n", 4, /runs\[1\]\.nam: unknown name/],
  ["runs:\n  - name: a\n    run: x\n    options:\n      timout: 1s\n", 5, /timout: unknown name/],
  ["runs:\n  - name: a/b\n    run: x\n", 2, /name: invalid value/],
  ["runs:\n  - name: a\n", 2, /missing "run"/],
  ["runs:\n  - name: a\n    run: [x]\n", 3, /run: not a string/],
  ["runs:\n  - name: a\n    run: x\n    restart: maybe\n", 4, /restart: invalid value/],
  ["runs:\n  - {name: a, run: x}\n  - {name: a, run: y}\n", 3, /used in line 2/],
  ["runs:\n  - name: 'a\n", 3, /./],
  ["runs: *x\n", 1, /unidentified alias/],
  ["runs: {a: 1}\n", 1, /not a list/],
  [`runs: ${"[".repeat(9000)}${"]".repeat(9000)}`, 1, /nested too deeply|more than/],
  ["runs:\n  - name: a\n    run: x\n    options: {detach: true}\n", 4, /detach: unknown name/],
];

for (const [text, line, reason] of WRONG) {
  Deno.test(`parseUpFile() names line ${line} of ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => parseUpFile(text, "file.yaml"), (error: Error & { code?: string }) => {
      assert.equal(error.code, "BAD_FILE");
      assert.match(error.message, new RegExp(`^Cannot use "file.yaml": line ${line}: `));
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("the published schema is that of the program", async () => {
  const published = await Deno.readTextFile(fromFileUrl("../../docs/up.schema.json"));
  const { $schema: _, $id: __, ...schema } = JSON.parse(published);
  assert.deepEqual(schema, JSON.parse(JSON.stringify(upSchema())));
});
