/** `wasm-bpf new`: what its README says is done, and what comes of it runs. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { findGo } from "../build/go.ts";
import { runCli, WASM_BPF } from "./support/cli.ts";

const { go, root: goRoot } = await findGo();

/** What a machine may have otherwise than the templates expect: Debian's tool chains are older. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  c: [],
  rust: ["CARGO=/usr/bin/cargo", "TARGET=wasm32-wasi"],
  go: [`GO=${go}`],
  assemblyscript: [],
};

const ENVIRONMENT = {
  PATH: `${dirname(WASM_BPF)}:${Deno.env.get("PATH")}`,
  // Debian's, which has a library for WebAssembly; and no newer one that cargo would find.
  RUSTC: "/usr/bin/rustc",
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
const BUSY = "for i in 1 2 3 4 5 6 7 8 9 10; do /bin/sleep 0.2; done & ";

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
        wasm-bpf --timeout 2s my-tool.wasm; }`;
      const { success, stdout, stderr: said } = await new Deno.Command("/bin/sh", {
        args: ["-c", script],
        cwd: `${folder}/my-tool`,
        env: ENVIRONMENT,
      }).output();
      assert.ok(success, new TextDecoder().decode(said));
      const lines = new TextDecoder().decode(stdout).split("\n");
      assert.equal(lines[0], "PID     UID     COMM");
      assert.ok(lines.some((line) => /^\d+ +0 +sleep$/.test(line)), lines.join("\n"));
    }));
}

Deno.test("new leaves a folder that is there as it is", () =>
  inNewFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    const { code, stderr } = await runCli(["new", "taken"], { cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot make taken: it exists already\nhint: /);
    assert.deepEqual(entriesOf(`${folder}/taken`), []);
  }));

Deno.test("new says that a word is taken, not that it has wrong letters", () =>
  inNewFolder(async (folder) => {
    const { stderr } = await runCli(["new", "test"], { cwd: folder });
    assert.match(stderr, /"test": .*have a use for the word\nhint: .*my-test\n$/);
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
