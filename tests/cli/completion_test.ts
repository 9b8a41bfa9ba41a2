/** Completion scripts in the shells they are for, and manual pages in groff. */
import assert from "node:assert/strict";
import { boxTools } from "../../cli/box/box.ts";
import { COMMANDS } from "../../cli/commands/mod.ts";
import { renderManual } from "../../cli/args/manual.ts";
import { runCli } from "../support/cli.ts";

/** Runs a program with a script on standard input. */
async function pipe(program: string, args: string[], script: string) {
  const child = new Deno.Command(program, {
    args,
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

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(["completion", shell]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
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
