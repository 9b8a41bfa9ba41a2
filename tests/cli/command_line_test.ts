/** Mistyped command lines, and standard output that closes or fills up. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BOOTSTRAP, type CliResult, guestPath, runCli, WASM_BPF } from "../support/cli.ts";
import { cosignFile } from "../support/cosign_data.ts";
import { TestFolder } from "../support/folder.ts";

/** A registry that refuses every connection: exit code 1. */
const NOWHERE = "127.0.0.1:1/you/tool:v1";

async function inFolder(
  use: (run: (...args: string[]) => Promise<CliResult>, folder: string) => Promise<void>,
): Promise<void> {
  using folder = new TestFolder();
  const { path: cwd } = folder;
  await Deno.copyFile(BOOTSTRAP, folder.at("tool.wasm"));
  const env = { XDG_DATA_HOME: cwd, XDG_CONFIG_HOME: cwd, HOME: cwd };
  await use((...args) => runCli(args, { cwd, env }), cwd);
}

function assertUsage({ code, stdout, stderr }: CliResult, error: RegExp, hint: RegExp): void {
  assert.deepEqual([code, stdout], [2, ""], stderr);
  assert.match(stderr, /^error: .+\nhint: .+\n$/);
  assert.match(stderr, error);
  assert.match(stderr.split("\nhint: ")[1] ?? "", hint);
}

Deno.test("run distinguishes a mistyped command from a missing file", () =>
  inFolder(async (run, folder) => {
    for (
      const [word, meant] of [["pul", "pull"], ["psuh", "push"], ["imagse", "images"], [
        "hlep",
        "help",
      ]]
    ) {
      assertUsage(await run(word ?? "", "x"), /not a command/, new RegExp(`wasm-bpf ${meant}\\?`));
    }
    const { code, stderr } = await run("nothing");
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /did you mean/);
    assert.equal((await run("--", "pul")).code, 1);
    await Deno.copyFile(join(folder, "tool.wasm"), join(folder, "pul"));
    assert.equal((await run("pul", "--help")).stdout.split("\n")[0]?.startsWith("Usage: "), true);
  }));

Deno.test("help describes commands; after -- the word is a file", () =>
  inFolder(async (run, folder) => {
    const { stdout } = await run("--help");
    for (const args of [["help"], ["help", "help"], ["help", "--help"], ["--help", "nothing"]]) {
      assert.deepEqual(await run(...args), { code: 0, signal: null, stdout, stderr: "" });
    }
    assert.equal((await run("help", "pull")).stdout, (await run("pull", "-h")).stdout);
    assertUsage(await run("help", "pul"), /Unknown command "pul"/, /did you mean pull/);
    assertUsage(await run("help", "elsewhere"), /Unknown command/, /--help to show the commands/);
    assert.match((await run("--", "help")).stderr, /Cannot run "help": no such file/);
    await Deno.copyFile(join(folder, "tool.wasm"), join(folder, "help"));
    assert.match((await run("--", "help", "-h")).stdout, /^Usage: bootstrap/);
  }));

Deno.test("wrong usage names the help of its command", () =>
  inFolder(async (run) => {
    for (
      const args of [
        ["pull"],
        ["pull", "--nope", NOWHERE],
        ["push", "tool.wasm", NOWHERE, "more"],
        ["inspect", "--json=1", "x"],
        ["tag", "x"],
        ["rm"],
        ["gen"],
        ["new", "--lang"],
        ["login", "-u"],
        ["logout", "--nope"],
      ]
    ) {
      assertUsage(await run(...args), /./, new RegExp(`^run wasm-bpf ${args[0]} --help to show`));
    }
    assertUsage(await run("--nonsense"), /Unknown option/, /^run wasm-bpf --help to show/);
  }));

Deno.test("wrong usage is noticed before a registry or a password is asked for", () =>
  inFolder(async (run) => {
    const noKey = ["--sign-key", "no-such.key"];
    for (
      const args of [
        ["--timeout", "soon", NOWHERE],
        ["--platform", "wasi", NOWHERE],
        ["pull", "--platform", "wasi", NOWHERE],
        ["pull", "--insecure", NOWHERE],
        ["push", ...noKey, "--format", "tar", "tool.wasm", NOWHERE],
        ["push", ...noKey, "--created", "soon", "tool.wasm", NOWHERE],
        ["push", ...noKey, "-a", "x", "tool.wasm", NOWHERE],
      ]
    ) {
      assertUsage(
        await run(...args),
        /^error: Cannot use/,
        /./,
      );
    }
    const key = ["--sign-key", cosignFile("p256.key")];
    const absent = await run("push", ...key, "no-such.wasm", NOWHERE);
    assert.match(absent.stderr, /Cannot read "no-such\.wasm": no such file/);
  }));

Deno.test("commands exit with 2 when a reference is invalid", () =>
  inFolder(async (run) => {
    for (
      const args of [
        ["pull", "localhost/Tool:v1"],
        ["ghcr.io/You/tool:v1"],
        ["push", "tool.wasm", "ghcr.io/you/tool:"],
        ["tag", "x:v1", "ghcr.io/a b"],
      ]
    ) {
      assertUsage(await run(...args), /Cannot use the reference/, /./);
    }
  }));

Deno.test("a file is not taken for a reference to Docker Hub", () =>
  inFolder(async (run) => {
    for (const word of ["tool.wasm", "./tool.wasm", "./nothing", "/nothing", "~/nothing"]) {
      assertUsage(await run("pull", word), /it is a path, and pull takes a reference/, /ghcr\.io/);
      assertUsage(await run("inspect", "--remote", word), /and inspect takes a reference/, /ghcr/);
      assertUsage(await run("push", "tool.wasm", word), /and push takes a reference/, /ghcr\.io/);
    }
    assertUsage(await run("push", "./nothing"), /no reference given/, /add a reference/);
    assertUsage(await run("tag", "x:v1", "./tool"), /it is a path/, /./);
    assertUsage(await run("push", "nothing.wasm"), /"nothing\.wasm": no such file, and/, /:latest/);
  }));

Deno.test("inspect takes a file, and standard input", () =>
  inFolder(async (run, folder) => {
    for (const word of ["tool.wasm", "./tool.wasm"]) {
      const { code, stdout, stderr } = await run("inspect", word);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^File +(\.\/)?tool\.wasm\nSize +[\d.]+ kB\nImports +wasm_bpf: /);
      assert.match(stdout, /^eBPF object {2}[\d.]+ kB, license .*, level inspect$/m);
    }
    const shown = JSON.parse((await run("inspect", "--json", "tool.wasm")).stdout);
    const { size } = await Deno.stat(join(folder, "tool.wasm"));
    assert.deepEqual([shown.from, shown.file, shown.module.sizeBytes], ["file", "tool.wasm", size]);
    const through = ["/bin/sh", "-c", 'exec "$0" "$@" <tool.wasm'];
    assert.match((await runCli(["inspect", "-"], { through, cwd: folder })).stdout, /^File +-$/m);
    assert.match(
      (await run("inspect", "./nothing")).stderr,
      /Cannot read "\.\/nothing": no such/,
    );
    await Deno.writeTextFile(join(folder, "text"), "text");
    assert.match((await run("inspect", "text")).stderr, /^error: Cannot inspect "?text"?: /);
  }));

Deno.test("hints of what cannot be found speak of what was given", () =>
  inFolder(async (run) => {
    for (
      const [args, hint] of [
        [["--verify-key", "no-such.pub", NOWHERE], /check the path; cosign generate-key-pair/],
        [["push", "--sign-key", "no-such.key", "tool.wasm", NOWHERE], /check the path; cosign gen/],
        [["http://127.0.0.1:1/tool.wasm"], /check the host name and port/],
      ] as const
    ) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 1);
      assert.match(stderr.split("\nhint: ")[1] ?? "", hint);
    }
  }));

Deno.test("a module of standard input is called so", async () => {
  const through = ["/bin/sh", "-c", 'printf "\\0asm\\1\\0\\0\\0" | "$0" -'];
  assert.match((await runCli([], { through })).stderr, /^error: Cannot run standard input: /);
});

/** Returns a script's output, with the program as $0 and without a store. */
async function shell(script: string): Promise<string> {
  const options = { args: ["-c", script, WASM_BPF], env: { XDG_DATA_HOME: "/nowhere" } };
  const { stdout } = await new Deno.Command("/bin/bash", { ...options, stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("what cannot be written to standard output is an error", async () => {
  for (const args of ["--help", "--version", "pull --help", "images", "images --json"]) {
    assert.equal(
      await shell(`"$0" ${args} 2>&1 >/dev/full; echo $?`),
      "error: Cannot write standard output: No space left on device\n1\n",
    );
  }
});

Deno.test("a command ends like SIGPIPE when its output is closed", async () => {
  for (const args of ["--help", "images --json", "gen c /sys/kernel/btf/vmlinux"]) {
    // The reader has ended before the command begins.
    const script = `exec 3> >(true); wait $!; "$0" ${args} 2>&1 >&3; echo $?`;
    assert.equal(await shell(script), "141\n");
  }
});

Deno.test("no arguments at all show the help", async () => {
  const { code, stdout } = await runCli([]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: wasm-bpf/m);
});

Deno.test("values of options are checked before a module is missed", async () => {
  assertUsage(
    await runCli(["--timeout", "x.wasm"]),
    /--timeout "x\.wasm": invalid duration/,
    /500ms/,
  );
});

Deno.test("commands of other tools get a hint at the one here", async () => {
  for (const word of ["attach", "start", "version", "save"]) {
    assertUsage(await runCli([word]), /not a command/, /wasm-bpf|systemd/);
  }
});

Deno.test("an option of wasm-bpf after the module is named when the module refuses it", async () => {
  const { stderr } = await runCli([BOOTSTRAP, "--timeout", "1s"]);
  assert.match(stderr, /^hint: --timeout follows the module.*wasm-bpf --timeout … /m);
});

/** Runs a command in a shell, in which `printf` makes bytes that JavaScript cannot give. */
async function byteShell(
  script: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", script, "sh", WASM_BPF, guestPath("wasi-c")],
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("arguments that are not UTF-8 reach the module byte for byte", async () => {
  const script = `bad=$(printf 'a\\377\\303 \\357\\277\\275')
    "$1" --env "BAD=$bad" "$2" args "" "$bad" "ä" | od -An -v -tx1`;
  const { stdout } = await byteShell(script);
  const bytes = stdout.replaceAll(/\s+/g, " ");
  assert.match(bytes, /42 41 44 3d 61 ff c3 20 ef bf bd/);
  assert.match(bytes, /(?<!3d )61 ff c3 20 ef bf bd [^]*c3 a4/);
});

Deno.test("names and variables that are not UTF-8 are clear errors, or work", async () => {
  using folder = new TestFolder();
  const cases = [
    [`"$1" "$bad.wasm"`, 1, /Cannot read "a\\udcff\.wasm": its name is not UTF-8/],
    [`"$1" --timeout "$bad" "$2"`, 2, /--timeout "a\\udcff": invalid duration/],
    [`"$1" "--$bad" "$2"`, 2, /Unknown option/],
    [`"$1" pull "$bad"`, 2, /Cannot|not/],
    [`HOME="$bad" XDG_DATA_HOME= "$1" images`, 1, /Cannot read the environment: .*xFF/],
    [
      `mkdir '${folder.path}'/"$bad" && "$1" --dir '${folder.path}'/"$bad::/d" "$2"`,
      1,
      /sub-command/,
    ],
  ] as const;
  for (const [script, code, message] of cases) {
    const result = await byteShell(`bad=$(printf 'a\\377'); ${script}`);
    assert.match(result.stderr, message, script);
    assert.doesNotMatch(result.stderr, /panicked|is a bug/, script);
    assert.equal(result.code, code, script);
  }
});
