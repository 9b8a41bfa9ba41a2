/** Options of examples: help, errors, and letters that mean the same everywhere. */
import assert from "node:assert/strict";
import { findExamples } from "../../build/tasks/examples.ts";
import { filesUnder } from "../../build/lib/step.ts";
import { ACTOR, IN_OWN_NETWORK, succeed } from "../support/actor.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import { pathOf } from "../support/example_runs.ts";

/** Arguments that exist on every machine. */
const ARGUMENTS: Readonly<Record<string, string[]>> = {
  uprobe: ["libc.so.6", "getpgid"],
  usdt: [ACTOR, "wasm_bpf_test", "called"],
  xdp: ["lo"],
  tc: ["lo"],
  sockfilter: ["lo"],
  lsm: ["/no/such/folder"],
};

/** Names for {@linkcode pathOf}; plugin needs host functions. */
const ALL = findExamples().filter(({ name }) => name !== "plugin").flatMap(({ name, languages }) =>
  languages.map((language) => language === "c" ? name : `${name}-${language}`)
);

for (const name of ALL) {
  Deno.test(`${name} --help goes to standard output and fits 100 columns`, async () => {
    const { code, stdout, stderr } = await runCli([pathOf(name), "--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, new RegExp(`^Usage: ${name.replace(/-.*/, "")} `));
    assert.ok(stdout.split("\n").every((line) => line.length <= 100));
  });

  Deno.test(`${name} reports errors in its command line, and ends with 2`, async () => {
    for (const wrong of [["--no-such-option"], ["-v", "a", "b", "c", "d"]]) {
      const { code, stdout, stderr } = await runCli([pathOf(name), ...wrong]);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, wrong.join(" "));
      assert.match(stderr, /Usage: |^error: /m);
    }
  });
}

for (
  const [name, ...wrong] of [
    ["execve", "-u", "root"],
    ["opensnoop", "-p", "0"],
    ["opensnoop", "-d", "-1"],
    ["opensnoop", "-n", "much too long a name"],
    ["runqlat", "0"],
    ["runqlat", "1", "many"],
    ["execve", "--max-args", "61"],
    ["tcpconnlat", "1."],
    ["tcpconnlat", "1.5.2"],
    ["tcpconnlat", "0.-1"],
    ["tcpconnlat", ".x"],
    ["tcpstates", "-L", "65536"],
    ["tcpstates", "-L", "80,"],
    ["tcpstates", "-D", "80,,443"],
    ["tcpstates", "-D", "1,".repeat(64) + "2"],
    ["uprobe", "-p", "1e3", "libc.so.6", "getpgid"],
    ["xdp", "-d", "udp:0", "lo"],
    ["xdp", "-d", "icmp:1", "lo"],
    ["tc", "-d", "1.2.3", "lo"],
    ["sockfilter", "-p", " 1", "lo"],
    ["lsm", "/"],
    ["execve-go", "-u", "root"],
    ["execve-go", "--max-args", "61"],
    ["opensnoop-rust", "-p", "0"],
    ["opensnoop-rust", "-n", "much too long a name"],
    ["runqlat-rust", "1", "many"],
    ["syscount-rust", "-e", "4096"],
    ["xdp-rust", "-d", "icmp:1", "lo"],
    ["tc-rust", "-d", "1.2.3", "lo"],
  ] as const
) {
  Deno.test(`${name} ${wrong.join(" ")} exits with 2 and the reason`, async () => {
    const { code, stdout, stderr } = await runCli([pathOf(name), ...wrong]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: /);
  });
}

for (const name of ["opensnoop", "runqlat", "xdp", "tcpstates"]) {
  Deno.test(`${name} reports a full disk, and ends with 1`, async () => {
    const through = [...IN_OWN_NETWORK, "/bin/sh", "-c", 'exec "$@" >/dev/full', "sh"];
    const args = ["--timeout", "120s", pathOf(name), ...ARGUMENTS[name] ?? []];
    const { code, stderr } = await runCli(args, { through });
    assert.deepEqual({ code, stderr }, { code: 1, stderr: "error: Cannot write the output\n" });
  });
}

Deno.test("an option has the same letter in every example", async () => {
  const letters = new Map<string, string>();
  for (const path of filesUnder("examples", (path) => /\.(c|rs|go|ts)$/.test(path))) {
    const options = (await Deno.readTextFile(path)).matchAll(/^\W*-(\w), --([\w-]+)/gm);
    for (const [, letter = "", long = ""] of options) {
      assert.equal(letters.get(long) ?? letter, letter, `--${long} in ${path}`);
      letters.set(long, letter);
    }
  }
  assert.ok(letters.size > 20);
});

Deno.test("opensnoop ends quietly when its output is closed", async () => {
  const through = [
    "/bin/bash",
    "-c",
    '"$@" | head -n 2 >/dev/null; exit "${PIPESTATUS[0]}"',
    "bash",
  ];
  const result: Promise<CliResult> = runCli(["--timeout", "120s", pathOf("opensnoop")], {
    through,
  });
  let ended = false;
  void result.finally(() => ended = true);
  while (!ended) await succeed("/bin/cat", "/etc/hostname");
  const { code, stderr } = await result;
  assert.deepEqual({ code, stderr }, { code: 141, stderr: "" });
});

Deno.test("opensnoop -v counts its lines, and -d ends it", async () => {
  const args = ["--timeout", "120s", pathOf("opensnoop"), "-d", "1", "-v", "-n", "nobody-has-it"];
  const { code, stderr } = await runCli(args);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "0 shown, 0 lost\n" });
});
