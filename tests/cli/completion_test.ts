/** Completion scripts in the shells they are for, and manual pages in groff. */
import assert from "node:assert/strict";
import { boxTools } from "../../cli/box/box.ts";
import { COMMANDS } from "../../cli/commands/mod.ts";
import { renderManual } from "../../cli/args/manual.ts";
import { runCli, WASM_BPF } from "../support/cli.ts";

/** Runs a program with a script on standard input. */
async function pipe(
  program: string,
  args: string[],
  script: string,
  env: Record<string, string> = {},
) {
  const child = new Deno.Command(program, {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const scripts = new Map<string, string>();

async function scriptFor(shell: string): Promise<string> {
  const known = scripts.get(shell);
  if (known !== undefined) return known;
  const { code, stdout, stderr } = await runCli(["completion", shell]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  scripts.set(shell, stdout);
  return stdout;
}

/** Returns what bash offers for a command line whose last word is being completed. */
async function offered(...words: string[]): Promise<string[]> {
  const line = ["wasm-bpf", ...words].map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = await pipe(
    "bash",
    ["--norc"],
    `${await scriptFor("bash")}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}
_wasm_bpf
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  );
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

Deno.test("completion bash offers commands and their options", async () => {
  assert.deepEqual(await offered("pru"), ["prune"]);
  assert.deepEqual(await offered("prune", "--d"), ["--dry-run"]);
  assert.deepEqual(await offered("pull", "--verify"), ["--verify-key"]);
  assert.deepEqual(await offered("--max-me"), ["--max-memory"]);
  assert.deepEqual(await offered("push", "--format", "c"), ["compat", "cncf"]);
  assert.deepEqual(await offered("--timeout", "1s", "--env"), ["--env"]);
});

Deno.test("completion bash offers files as arguments", async () => {
  assert.deepEqual(await offered("gen", "c", "deno.js"), ["deno.json"]);
});

Deno.test("completion bash offers every tool of the box as a command, to run and to help", async () => {
  const tools = boxTools().map(({ name }) => name);
  assert.ok(tools.length > 10);
  const missing = async (...words: string[]) => {
    const all = await offered(...words, "");
    return tools.filter((name) => !all.includes(name));
  };
  assert.deepEqual(await missing(), []);
  assert.deepEqual(await missing("run"), []);
  assert.deepEqual(await missing("run", "--strict"), []);
  assert.deepEqual(await missing("help"), []);
  assert.deepEqual(await offered("help", "capab"), ["capable"]);
  // Words after the tool are its own, and those of other commands are files.
  assert.deepEqual(await missing("capable", "-x"), tools);
  assert.deepEqual(await missing("run", "capable"), tools);
  assert.deepEqual(await missing("push", "--sign"), tools);
});

Deno.test("completion fish offers tools of the box with their summary", async () => {
  for (const line of ["", "run ", "help "]) {
    const script = `${await scriptFor("fish")}\ncomplete -C 'wasm-bpf ${line}capa'\n`;
    const { stdout } = await pipe("fish", ["--no-config"], script);
    assert.match(stdout, /^capable\tshow checks of capabilities$/m, line);
  }
});

Deno.test("completion zsh offers tools of the box", async () => {
  const script = await scriptFor("zsh");
  for (const { name, summary } of boxTools()) {
    const quoted = `${name}:${summary}`.replaceAll("'", "'\\''");
    assert.ok(script.includes(`'${quoted}'`), name);
  }
  assert.ok(script.includes("'1:tool or module:_wasm_bpf_modules'"));
});

Deno.test("completion zsh and fish print scripts that their shells parse", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, stderr } = await pipe(shell, ["-n"], await scriptFor(shell));
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  }
});

Deno.test("completion fish offers options with their help", async () => {
  const script = `${await scriptFor("fish")}\ncomplete -C 'wasm-bpf prune --dr'\n`;
  const { stdout } = await pipe("fish", ["--no-config"], script);
  assert.match(stdout, /^--dry-run\tonly print what would be removed$/m);
});

/** Directory with a program `wasm-bpf`, and a store with installed tools. */
async function withInstalled(
  names: readonly string[],
  test: (env: Record<string, string>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-completion-" });
  try {
    await Deno.mkdir(`${folder}/bin`);
    await Deno.symlink(WASM_BPF, `${folder}/bin/wasm-bpf`);
    await Deno.mkdir(`${folder}/wasm-bpf/hub`, { recursive: true, mode: 0o700 });
    const tools = names.map((name) => ({
      name,
      version: "1.0.0",
      reference: `registry.example/${name.length}@sha256:${"0".repeat(64)}`,
      kind: "module",
      origin: { hub: "acme", catalog: "registry.example/hub:1", key: "", tool: "tool" },
      permissions: [],
      launcher: `${folder}/bin/tool`,
      installed: "2026-01-01T00:00:00Z",
    }));
    await Deno.writeTextFile(
      `${folder}/wasm-bpf/hub/installed.json`,
      JSON.stringify({ version: 1, tools }),
    );
    const path = `${folder}/bin:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`;
    await test({ PATH: path, XDG_DATA_HOME: folder }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Lines that a shell offers for a word, by the same script for all places where tools are named. */
const OFFERS: Readonly<Record<string, (words: readonly string[]) => string>> = {
  bash: (words) =>
    `COMP_WORDS=(wasm-bpf ${words.join(" ")} ''); COMP_CWORD=${words.length + 1}
_wasm_bpf
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  zsh: (words) => // _arguments needs the completion system; the function that completes arguments does not.
  (words.length === 0 || words[0] === "help"
    ? `words=(wasm-bpf ${words.join(" ")} ''); CURRENT=${words.length + 2}; _wasm_bpf\n`
    : words[0] === "run"
    ? "_wasm_bpf_modules\n"
    : "_wasm_bpf_installed\n"),
  fish: (words) => `complete -C 'wasm-bpf ${words.map((word) => `${word} `).join("")}'\n`,
};

/** Stands in for the parts of zsh's completion system that the script calls. */
const ZSH_PARTS = `compdef() { : }
_files() { : }
_describe() { print -rl -- "\${(@P)2}" }
`;

async function offeredBy(
  shell: string,
  words: readonly string[],
  env: Record<string, string>,
): Promise<string[]> {
  const args = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] }[shell] ?? [];
  const before = shell === "zsh" ? ZSH_PARTS : "";
  const script = `${before}${await scriptFor(shell)}\n${OFFERS[shell]?.(words) ?? ""}`;
  const { stdout } = await pipe(shell, args, script, env);
  return stdout.split("\n").map((line) => line.split("\t")[0] ?? "");
}

Deno.test("completion offers installed tools in every shell, as they are at that time", async () => {
  await withInstalled(["proctrace", "tcp-watch-2"], async (env, folder) => {
    for (const shell of Object.keys(OFFERS)) {
      for (const words of [[], ["run"], ["help"], ["uninstall"], ["upgrade"]]) {
        const lines = await offeredBy(shell, words, env);
        const where = `${shell} ${words.join(" ")}`;
        assert.ok(lines.includes("proctrace") && lines.includes("tcp-watch-2"), where);
      }
    }
    await Deno.remove(`${folder}/wasm-bpf/hub/installed.json`);
    for (const shell of Object.keys(OFFERS)) {
      assert.ok(!(await offeredBy(shell, [], env)).includes("proctrace"), shell);
    }
  });
});

Deno.test("completion offers no installed tool after the tool, nor to other commands", async () => {
  await withInstalled(["proctrace"], async (env) => {
    for (const words of [["proctrace"], ["run", "proctrace", "-x"], ["push", "--sign"], ["gen"]]) {
      assert.ok(!(await offeredBy("bash", words, env)).includes("proctrace"), words.join(" "));
    }
    assert.ok((await offeredBy("bash", ["run", "--strict"], env)).includes("proctrace"));
  });
});

Deno.test("completion neither runs nor offers what a hostile list of tools holds", async () => {
  await withInstalled([], async (env, folder) => {
    const mark = `${folder}/ran`;
    const hostile = [`$(touch ${mark})`, `\`touch ${mark}\``, `a;touch ${mark}`, "--help", "../up"];
    const list = [...hostile, "x y", "\x1b[2J", "'", '"', "good"].map((name) =>
      `'${name.replaceAll("'", `'\\''`)}'`
    );
    // In the place of wasm-bpf, a program that prints what no file of tools may hold.
    await Deno.remove(`${folder}/bin/wasm-bpf`);
    const program = `#!/bin/sh\nprintf '%s\\n' ${list.join(" ")}\n`;
    await Deno.writeTextFile(`${folder}/bin/wasm-bpf`, program, { mode: 0o755 });
    for (const shell of Object.keys(OFFERS)) {
      const lines = await offeredBy(shell, ["uninstall"], env);
      assert.deepEqual(lines.filter((line) => line !== ""), ["good"], shell);
    }
    await assert.rejects(Deno.stat(mark), Deno.errors.NotFound);
  });
  await withInstalled(["$(id)"], async (env) => {
    for (const shell of Object.keys(OFFERS)) {
      const lines = await offeredBy(shell, ["uninstall"], env);
      assert.deepEqual(lines.filter((line) => line !== ""), [], shell);
    }
  });
});

Deno.test("completion rejects an unknown shell, and names the nearest", async () => {
  const { code, stderr } = await runCli(["completion", "bsh"]);
  assert.equal(code, 2);
  assert.match(stderr, /did you mean bash\?/);
  assert.equal((await runCli(["completion"])).code, 2);
});

Deno.test("manual pages are roff that groff formats without a warning", async () => {
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const page = renderManual(`wasm-bpf-${name}`, summary, (await load()).PAGE, "1.0");
    const { code, stdout, stderr } = await pipe(
      "groff",
      ["-man", "-Tascii", "-ww", "-P-cbou"],
      page,
    );
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, name);
    assert.match(stdout, /OPTIONS/);
  }
});
