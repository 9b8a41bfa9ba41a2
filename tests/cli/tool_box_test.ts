/** Tools that the binary carries: how they are listed, found and run. */
import assert from "node:assert/strict";
import listed from "../../tools/box.json" with { type: "json" };
import { boxFile, boxOptions, boxTools } from "../../cli/box/box.ts";
import { Btf, ElfFile } from "../../ebpf/btf/mod.ts";
import { CliProcess, runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";
import { withScales } from "../support/timely.ts";

Deno.test("tools lists every tool by subject, with one line each", async () => {
  const { code, stdout, stderr } = await runCli(["tools"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  for (const { name, summary } of boxTools()) {
    assert.ok(
      stdout.split("\n").some((line) => line.includes(`${name} `) && line.endsWith(summary)),
    );
  }
  const json = JSON.parse((await runCli(["tools", "--json"])).stdout) as unknown[];
  assert.deepEqual(
    json,
    boxTools().map(({ name, subject, summary }) => ({ name, subject, summary })),
  );
  const names = (await runCli(["tools", "-q"])).stdout.trimEnd().split("\n");
  assert.deepEqual(names, boxTools().map(({ name }) => name));
});

Deno.test("the box has a file for every tool, in at most 3 MB", () => {
  assert.ok(Deno.statSync(fromFileUrl("../../dist/lib/tools.bin")).size <= 3_000_000);
  assert.ok(boxTools().length > 0);
  for (const { name } of boxTools()) assert.ok((boxFile(name)?.length ?? 0) > 1_000, name);
});

Deno.test("halves for arm64 read registers by the names of arm64", () => {
  const namesIn = (arch: string, name: string) => {
    const elf = new ElfFile(
      Deno.readFileSync(fromFileUrl(`../../.cache/guests/${arch}/tools/${name}/${name}.bpf.o`)),
    );
    const section = elf.section(".BTF");
    assert.ok(section !== undefined, name);
    const btf = new Btf(elf.content(section));
    const names = new Set<string>();
    for (let id = 1; id < btf.count; id++) {
      const type = btf.type(id);
      if ("name" in type) names.add(type.name);
      if ("members" in type) { for (const member of type.members) names.add(member.name); }
    }
    return names;
  };
  const X86 = ["di", "si", "dx", "ax"];
  const readsRegisters: string[] = [];
  for (const { name, guest } of listed as { name: string; guest?: string }[]) {
    if (guest !== undefined) continue;
    const x86 = namesIn("x86_64", name);
    const arm64 = namesIn("aarch64", name);
    const readsX86 = X86.every((register) => x86.has(register));
    assert.ok(!X86.some((register) => arm64.has(register)), name);
    assert.equal(arm64.has("user_pt_regs"), readsX86, name);
    if (readsX86) readsRegisters.push(name);
  }
  assert.ok(readsRegisters.includes("memleak") && readsRegisters.includes("tcpdrop"));
});

Deno.test("tools have no path of the machine that they were built on", () => {
  const folder = fromFileUrl("../..").replace(/\/$/, "");
  for (const { name } of boxTools()) {
    const file = new TextDecoder("latin1").decode(boxFile(name));
    assert.ok(!file.includes(folder), name);
  }
});

Deno.test("tools/README.md has a row for every tool, with a link to its page", async () => {
  const page = await Deno.readTextFile(fromFileUrl("../../tools/README.md"));
  for (const { name, summary } of boxTools()) {
    const row = page.split("\n").find((line) => line.includes(`[${name}](`));
    assert.ok(row?.includes(`| ${summary} `), `run ./dev tools: ${name}`);
    const link = /\]\(([^)]+)\)/.exec(row ?? "")?.[1] ?? "";
    await Deno.stat(fromFileUrl(`../../tools/${link}`));
  }
});

for (
  const word of ["", ".", "./opensnoop", "opensnoop/", "Opensnoop", "__proto__", "constructor"]
) {
  Deno.test(`boxFile() returns undefined for "${word}"`, () => {
    assert.equal(boxFile(word), undefined);
  });
}

for (const before of [[], ["run"]]) {
  Deno.test(`${[...before, "opensnoop"].join(" ")} runs the tool`, async () => {
    await using tool = new CliProcess([...before, "--timeout", "120s", "opensnoop", "-n", "cat"]);
    await tool.waitFor(/^PID/m);
    await succeed("cat", "/proc/version");
    await tool.waitFor(/cat +\d+ +0 \/proc\/version$/m);
    tool.kill("SIGINT");
    const { code, stderr } = await tool.result();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });
}

/** Opens a file, over and over, until a run of the binary ends. */
async function whileOpening<T>(run: Promise<T>): Promise<T> {
  let isOver = false;
  const ended = run.finally(() => isOver = true);
  while (!isOver) await succeed("cat", "/proc/version");
  return await ended;
}

Deno.test("options of wasm-bpf follow the name of a guest in the box as that of an object", async () => {
  const words = ["--timeout", "120s", "--filter", 'path == "/proc/version"', "-n", "cat"];
  const { code, stdout, stderr } = await whileOpening(
    runCli(["opensnoop", "--count", "2", ...words, "-ojson"]),
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const rows = JSON.parse(stdout) as { comm: string }[];
  assert.deepEqual(rows.map(({ comm }) => comm), ["cat", "cat"]);
});

Deno.test("--pid before the name of a guest in the box is its option", async () => {
  let isOver = false;
  const run = runCli([
    "-p",
    `${Deno.pid}`,
    "--timeout",
    "120s",
    "opensnoop",
    "-o",
    "jsonl",
    "--count",
    "1",
  ])
    .finally(() => isOver = true);
  while (!isOver) await Deno.readTextFile("/proc/version");
  const { code, stdout, stderr } = await run;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(JSON.parse(stdout).pid, Deno.pid);
  // This one traces no process alone.
  assert.equal((await runCli(["-p", "1", "execsnoop"])).code, 2);
});

Deno.test("wrong words after a tool's name are errors with the nearest option", async () => {
  const wrong: [words: string[], expected: RegExp][] = [
    [["--fliter", "x"], /^error: Unknown option "--fliter"\nhint: did you mean --filter\?\n$/],
    [["--pull", "always"], /^error: Cannot use --pull after ".*": it decides what is run\n/],
    [["-o", "jsom"], /did you mean json\?\n$/],
  ];
  await Promise.all(
    ["opensnoop", "exitsnoop"].flatMap((tool) =>
      wrong.map(async ([words, expected]) => {
        const { code, stderr } = await runCli([tool, ...words]);
        assert.equal(code, 2);
        assert.match(stderr, expected);
      })
    ),
  );
  const { code, stderr } = await runCli(["opensnoop", "--", "ls"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: Cannot run "ls" while "opensnoop" traces\b/);
});

Deno.test("help of a tool shows its options and those that all tools have", async () => {
  const guests = boxTools().map(({ name }) => name).filter((name) =>
    boxOptions(name) !== undefined
  );
  assert.ok(guests.includes("opensnoop"));
  await Promise.all(["exitsnoop", ...guests].map(async (name) => {
    const options = boxOptions(name);
    const { code, stdout } = await runCli([name, "--help"]);
    assert.equal(code, 0);
    const [own = "", ours = ""] = stdout.split(
      "\nOptions of wasm-bpf, before the name or after it:\n",
    );
    assert.match(ours, /--output FORMAT[^]*--filter EXPR[^]*--top/);
    // The guest's own options are those of its table in C.
    const shown = [...own.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)( [A-Z,.]+)? /gm)]
      .map(([, letter = "", long, value]) => ({
        letter,
        name: long,
        takesValue: value !== undefined,
      }))
      .filter(({ name }) => name !== "help");
    if (options === undefined) return;
    assert.deepEqual(shown, options.filter(({ name }) => name !== undefined));
  }));
});

Deno.test("a bare word is the tool even if a file has its name, and ./NAME is the file", async () => {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("opensnoop"), "not a module");
  const help = await runCli(["opensnoop", "--help"], { cwd: folder.path });
  assert.equal(help.code, 0, help.stderr);
  const file = await runCli(["./opensnoop", "--help"], { cwd: folder.path });
  assert.equal(file.code, 1);
  assert.doesNotMatch(file.stdout, /opensnoop/);
});

Deno.test("help NAME prints the help of the tool, with its name in the box", async () => {
  const { code, stdout } = await runCli(["help", "execsnoop"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: execsnoop /);
  assert.equal(stdout, (await runCli(["execsnoop", "--help"])).stdout);
});

Deno.test("a mistyped tool gets the nearest name, not a registry", async () => {
  for (const args of [["opensnop"], ["help", "opensnop"], ["run", "opensnop"]]) {
    const { code, stderr } = await runCli(args);
    assert.equal(code, 2);
    assert.match(stderr, /opensnoop\?/);
  }
});

Deno.test("options for references are refused with a tool", async () => {
  const { code, stderr } = await runCli(["--pull", "always", "opensnoop"]);
  assert.equal(code, 2);
  assert.match(stderr, /--pull with the tool "opensnoop"/);
});

Deno.test("numbers and letters after a tool's name mean what they do for other tools", () =>
  // Seconds to trace are those of a start as well, which a busy machine holds up.
  withScales(async (seconds) => {
    const runs = [
      ["softirqs", "1", "1"],
      ["exitsnoop", "-T", `${seconds}`],
      ["syscount", "-i", "1", `-d${seconds}`],
    ];
    const refused = [["softirqs", "1", "2", "3"], ["softirqs", "0"], ["exitsnoop", "1x"]];
    const [tables, ...others] = await Promise.all([...runs, ...refused].map(async (words) => {
      const { code, stdout, stderr } = await runCli(["-o", "jsonl", ...words]);
      assert.equal(code, refused.includes(words) ? 2 : 0, `${words.join(" ")}: ${stderr}`);
      return stdout;
    }));
    assert.match(tables ?? "", /"TIMER"/);
    assert.equal(others.length, 5);
  }));
