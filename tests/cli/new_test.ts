/** `wasm-bpf new`: its README's steps are followed, and the result runs. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { findGo } from "../../build/steps/go.ts";
import { succeed } from "../support/actor.ts";
import { runCli, WASM_BPF } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { withScales } from "../support/timely.ts";

const { go, root: goRoot } = await findGo();

/** Variables of `make` for Debian's tool chains, which are older than the templates expect. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  c: [],
  // Debian's, which has a library for WebAssembly, as the README has it.
  rust: ["CARGO=/usr/bin/cargo", "RUSTC=/usr/bin/rustc", "TARGET=wasm32-wasi"],
  go: [`GO=${go}`],
  assemblyscript: [],
};

const ENVIRONMENT = {
  PATH: `${dirname(WASM_BPF)}:${Deno.env.get("PATH")}`,
  ...(goRoot === undefined ? {} : { GOROOT: goRoot }),
  ...{ GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" },
};

async function inNewFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-new-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The commands of a README's first block for the shell. */
async function commandsOf(folder: string): Promise<string[]> {
  const block = /^```sh\n([^]*?)^```/m.exec(await Deno.readTextFile(`${folder}/README.md`))?.[1];
  return (block ?? "").trim().split("\n");
}

function entriesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

/** Some programs that start while the tool runs. */
// time: one starts every 0.2 s until the shell has ended.
const BUSY = "while kill -0 $$ 2>/dev/null; do /bin/sleep 0.2; done & ";

/** Files of a build that belong to the tool: types, and pinned versions. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  c: [],
  rust: ["Cargo.lock", "src/types.rs", "wasm-bpf/Cargo.lock"],
  go: ["go.sum", "types.go"],
  assemblyscript: ["assembly/types.ts", "package-lock.json"],
};

/** Makes Git see nothing of what is built, and make see every source that changes. */
async function assertTidy(folder: string, language: string): Promise<void> {
  const said = async (program: string, ...args: string[]) => {
    const options = { args, cwd: folder, env: ENVIRONMENT };
    const { code, stdout } = await new Deno.Command(program, options).output();
    return { code, text: new TextDecoder().decode(stdout) };
  };
  const given = new Set(Object.keys(SDK[language] ?? {}).map(pathOf));
  await said("git", "init", "--quiet");
  const { text } = await said("git", "ls-files", "--others", "--exclude-standard");
  const made = text.trim().split("\n").filter((path) => !given.has(path));
  assert.deepEqual(made.filter((path) => !KEPT[language]?.includes(path)), []);
  for (const path of given) {
    if (!path.endsWith(".md")) continue;
    const prose = (await Deno.readTextFile(`${folder}/${path}`)).replaceAll(/^```[^]*?^```$/gm, "");
    for (const [, link = ""] of prose.matchAll(LINK)) {
      await Deno.stat(join(folder, dirname(path), link));
    }
  }
  const sources = [...given].filter((path) =>
    /\.(c|h|rs|go|ts)$/.test(path) && !/_tinygo/.test(path)
  );
  const make = ["-q", ...VARIABLES[language] ?? []];
  assert.equal((await said("make", ...make)).code, 0);
  const { mtime } = await Deno.stat(`${folder}/my-tool.wasm`);
  const [old, young] = [new Date(0), new Date((mtime?.getTime() ?? 0) + 1000)];
  for (const path of sources) {
    await Deno.utime(`${folder}/${path}`, young, young);
    assert.equal((await said("make", ...make)).code, 1, path);
    await Deno.utime(`${folder}/${path}`, old, old);
  }
}

/** A link to a file. */
const LINK = /\]\((?!\w+:|#)([^)#]+)/g;

/** Copied files, by language and path. */
const SDK: Record<string, Record<string, string>> = JSON.parse(
  await Deno.readTextFile(fromFileUrl("../../dist/lib/sdk.bin")),
);

/** Where a file of a template goes. */
function pathOf(path: string): string {
  return path === "gitignore" ? ".gitignore" : path.replaceAll("NAME", "my-tool");
}

Deno.test("a build that fails leaves nothing that looks made", () =>
  inNewFolder(async (folder) => {
    await runCli(["new", "my-tool"], { cwd: folder });
    const { success } = await new Deno.Command("make", {
      args: ["LLVM_STRIP=false"],
      cwd: `${folder}/my-tool`,
      env: ENVIRONMENT,
      stdout: "null",
      stderr: "null",
    }).output();
    assert.equal(success, false);
    assert.deepEqual(entriesOf(`${folder}/my-tool`).filter((name) => /\.(o|wasm)$/.test(name)), []);
  }));

for (const [language, variables] of Object.entries(VARIABLES)) {
  Deno.test(`new --lang ${language} makes a folder whose README's commands build and run it`, () =>
    inNewFolder(async (folder) => {
      const { code, stderr } = await runCli(["new", "my-tool", "--lang", language], {
        cwd: folder,
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const [build, start, ...more] = await commandsOf(`${folder}/my-tool`);
      assert.deepEqual([build, start, more], ["make", "sudo wasm-bpf my-tool.wasm", []]);
      const script = `make ${variables.map((it) => `'${it}'`).join(" ")} >&2 && { ${BUSY}
        wasm-bpf --timeout "\${0}s" my-tool.wasm; }`;
      await withScales(async (scale) => {
        const { success, stdout, stderr: said } = await new Deno.Command("/bin/sh", {
          args: ["-c", script, `${2 * scale}`],
          cwd: `${folder}/my-tool`,
          env: ENVIRONMENT,
        }).output();
        assert.ok(success, new TextDecoder().decode(said));
        const lines = new TextDecoder().decode(stdout).split("\n");
        assert.equal(lines[0], "PID     UID     COMM");
        assert.ok(lines.some((line) => /^\d+ +0 +sleep$/.test(line)), lines.join("\n"));
      });
      await assertTidy(`${folder}/my-tool`, language);
      const [file = "", from = "", to = ""] = FAULTS[language] ?? [];
      if (file !== "") await assertFails(`${folder}/my-tool`, { script, file, from, to });
    }));
}

/** A fault for each guest, in a file of it: what fails at run time. */
const FAULTS: Readonly<Record<string, readonly [string, string, string]>> = {
  c: ["my-tool.c", "	return 0;\n", "	return -WASM_BPF_EIO;\n"],
  rust: ["src/main.rs", 'attach("on_exec")', 'attach("absent")'],
  go: ["main.go", 'Attach("on_exec")', 'Attach("absent")'],
};

/** A tool whose callback or attaching fails ends with 1, and shows people no structure of its own. */
async function assertFails(
  folder: string,
  fault: { script: string; file: string; from: string; to: string },
): Promise<void> {
  const path = `${folder}/${fault.file}`;
  const text = await Deno.readTextFile(path);
  assert.ok(text.includes(fault.from));
  await Deno.writeTextFile(path, text.replace(fault.from, fault.to));
  const young = new Date(Date.now() + 60_000);
  await Deno.utime(path, young, young);
  const { code, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", fault.script, "120"],
    cwd: folder,
    env: ENVIRONMENT,
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 1, said);
  assert.doesNotMatch(said, /kind:|Custom \{|Os \{/);
}

Deno.test("the Go README's command for documentation shows the package", () =>
  inNewFolder(async (folder) => {
    await runCli(["new", "my-tool", "--lang", "go"], { cwd: folder });
    const readme = await Deno.readTextFile(`${folder}/my-tool/README.md`);
    const command = /`([^`]*go doc[^`]*)`/.exec(readme)?.[1] ?? "";
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", command.replace("go doc", `${go} doc`)],
      cwd: `${folder}/my-tool`,
      env: ENVIRONMENT,
    }).output();
    assert.match(new TextDecoder().decode(stdout), /^func Load\(/m);
  }));

Deno.test("make of a Rust tool names the compiler that has no library for the target", () =>
  inNewFolder(async (folder) => {
    await runCli(["new", "my-tool", "--lang", "rust"], { cwd: folder });
    const { code, stderr } = await new Deno.Command("make", {
      args: ["TARGET=wasm32-none-such", "RUSTC=/usr/bin/rustc"],
      cwd: `${folder}/my-tool`,
      env: ENVIRONMENT,
      stdout: "null",
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 2);
    assert.match(said, /^\/usr\/bin\/rustc has no library for wasm32-none-such\nhint: rustup/m);
  }));

Deno.test("new on a full disk leaves nothing", () =>
  inNewFolder(async (folder) => {
    await succeed("mount", "-t", "tmpfs", "-o", "size=65536", "wasm-bpf-test", folder);
    try {
      const { code, stderr } = await runCli(["new", "my-tool", "--lang", "go"], { cwd: folder });
      assert.equal(code, 1);
      assert.match(stderr, /^error: Cannot write "my-tool\/.*": No space left.*\nhint: /);
      assert.deepEqual(entriesOf(folder), []);
    } finally {
      await succeed("umount", folder);
    }
  }));

Deno.test("new leaves a folder that is there as it is", () =>
  inNewFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    const { code, stderr } = await runCli(["new", "taken"], { cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot create "taken": it already exists\nhint: /);
    assert.deepEqual(entriesOf(`${folder}/taken`), []);
  }));

Deno.test("new reports that a name is reserved, not that it has wrong letters", () =>
  inNewFolder(async (folder) => {
    const { stderr } = await runCli(["new", "test"], { cwd: folder });
    assert.match(
      stderr,
      /"test": .*the name is reserved by Cargo, Go or the templates\nhint: .*my-test\n$/,
    );
  }));

for (
  const [what, args] of [
    ["no name", []],
    ["a path", ["../x"]],
    ["capitals", ["Tool"]],
    ["a reserved word", ["test"]],
    ["two names", ["a", "b"]],
    ["an unknown language", ["x", "--lang", "cobol"]],
  ] as const
) {
  Deno.test(`new with ${what} is wrong usage and makes nothing`, () =>
    inNewFolder(async (folder) => {
      const { code, stderr } = await runCli(["new", ...args], { cwd: folder });
      assert.equal(code, 2);
      assert.match(stderr, /^error: .+\nhint: /);
      assert.deepEqual(entriesOf(folder), []);
    }));
}
