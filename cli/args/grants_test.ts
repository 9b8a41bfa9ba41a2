import assert from "node:assert/strict";
import { type Grants, grantsOf, parsePreopen } from "./grants.ts";
import { parseCommandLine } from "./options.ts";
import { RUN_OPTIONS } from "./run_options.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Returns the grants of a command line in a process with these variables. */
function grants(args: string[], variables: readonly (string | Uint8Array)[] = []): Grants {
  const bytes = variables.map((entry) => typeof entry === "string" ? encode(entry) : entry);
  return grantsOf(parseCommandLine([...args, "module.wasm"], RUN_OPTIONS), () => bytes);
}

const PREOPENS: readonly (readonly [string, string, string, boolean])[] = [
  ["/data", "/data", "/data", false],
  ["data", "data", "data", false],
  [".", ".", ".", false],
  ["..", "..", "..", false],
  ["/data::/guest", "/data", "/guest", false],
  ["/data::.", "/data", ".", false],
  ["/data::/guest::ro", "/data", "/guest", true],
  ["/data::ro", "/data", "/data", true],
  ["data::ro", "data", "data", true],
  ["a::b::/c", "a::b", "/c", false],
  ["a::b::/c::ro", "a::b", "/c", true],
  ["a:b", "a:b", "a:b", false],
  ["/a::/ro", "/a", "/ro", false],
];

Deno.test("parsePreopen() reads HOST, HOST::GUEST and ::ro", () => {
  for (const [text, host, guest, readOnly] of PREOPENS) {
    assert.deepEqual(parsePreopen(text), { host, guest, readOnly }, text);
  }
});

Deno.test("parsePreopen() refuses a missing path or a relative guest path", () => {
  const bad = [
    "::",
    "::/a",
    "/a::",
    "::ro",
    "/a::::ro",
    "a::b",
    "/a::./b",
    "/a::../b",
    "/a::ro::ro",
  ];
  for (const text of bad) assert.throws(() => parsePreopen(text), { code: "USAGE" }, text);
});

Deno.test("grantsOf() grants nothing for an empty command line", () => {
  assert.deepEqual(grants([], ["HOME=/root"]), {
    env: Object.create(null),
    preopens: [],
    listen: [],
    stdio: { stdin: "inherit", stdout: "inherit", stderr: "inherit" },
  });
});

Deno.test("grantsOf() uses the last value of a variable", () => {
  const { env } = grants(["--env", "A=1", "--env=B=x=y", "--env", "A=2", "--env", "E="]);
  assert.deepEqual({ ...env }, { A: "2", B: "x=y", E: "" });
});

Deno.test("grantsOf() passes on only named variables that are set", () => {
  const { env } = grants(["--env", "HOME", "--env", "NOT_SET"], ["HOME=/root", "SECRET=x"]);
  assert.deepEqual({ ...env }, { HOME: "/root" });
});

Deno.test("grantsOf() reads the environment only when an option needs it", () => {
  const line = parseCommandLine(["--env", "A=1", "module.wasm"], RUN_OPTIONS);
  grantsOf(line, () => assert.fail("asked"));
});

Deno.test("grantsOf() passes on all variables, also non-UTF-8 ones, with --inherit-env", () => {
  const odd = new Uint8Array([...encode("ODD="), 0xff]);
  const { env } = grants(["--env", "A=mine", "--inherit-env"], [
    "A=1",
    "B=é",
    odd,
    "=::=x",
    "noise",
  ]);
  assert.deepEqual({ ...env }, { A: "mine", B: "é", ODD: "\udcff" });
  assert.deepEqual({ ...grants(["--env", "ODD"], [odd]).env }, { ODD: "\udcff" });
});

Deno.test("grantsOf() keeps names that are JavaScript's own", () => {
  const { env } = grants(["--env", "__proto__=x", "--env", "constructor"], ["constructor=y"]);
  assert.deepEqual(Object.entries(env ?? {}), [["__proto__", "x"], ["constructor", "y"]]);
});

Deno.test("grantsOf() distinguishes files from null", () => {
  const { stdio } = grants(["--stdin=null", "--stdout", "null.txt", "--stderr=./null"]);
  assert.deepEqual(stdio, {
    stdin: "null",
    stdout: { file: "null.txt" },
    stderr: { file: "./null" },
  });
});

Deno.test("grantsOf() reads the limit of memory", () => {
  assert.deepEqual(grants(["--max-memory", "1M"]).limits, { memoryBytes: 1024 ** 2 });
  assert.throws(() => grants(["--max-memory", "1MB"]), { code: "USAGE" });
});

Deno.test("grantsOf() refuses a guest directory that is granted twice", () => {
  for (
    const [one, two] of [["/a", "/a"], ["/x::/a", "/a/"], ["/a::/b//", "/c::/b"], [".", "/::."]]
  ) {
    assert.throws(() => grants(["--dir", one, "--dir", two] as string[]), { code: "USAGE" });
  }
  assert.equal(grants(["--dir", "/a", "--dir", "/a::/b"]).preopens?.length, 2);
});

Deno.test("grantsOf() accepts only HOST:PORT for --listen", () => {
  const listen = ["127.0.0.1:0", "[::1]:8080", "localhost:65535", "a-b.c:1"];
  assert.deepEqual(grants(listen.flatMap((text) => ["--listen", text])).listen, listen);
  for (const text of ["80", "a:", ":80", "a:b", "::1:80", "[::1]", "a:65536", "a:1:2", "[]:1"]) {
    assert.throws(() => grants(["--listen", text]), { code: "USAGE" }, text);
  }
});
