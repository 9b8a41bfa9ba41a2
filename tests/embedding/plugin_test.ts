/** examples/plugin: a program that runs a guest and gives it functions of its own. */
import assert from "node:assert/strict";
import { kernel } from "../../ffi/mod.ts";
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { shapeOf, shownOutput } from "../support/readme.ts";

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
kernel.version();

const PROGRAM = ["deno", "run", "--no-check", "-A", fromFileUrl("../../examples/plugin/plugin.ts")];

/** Twelve lines up. */
const REDRAW = "\x1b[12A";

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(command: readonly string[]): Promise<Result> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Returns the lines that name a series. */
function labels(lines: readonly string[]): string[] {
  return lines.map(shapeOf).filter((line) => line !== "");
}

Deno.test("plugin prints one chart an interval, as its README shows", async () => {
  const options = ["--interval", "50", "--count", "4", "--width", "60"];
  const { code, stdout, stderr } = await run([...PROGRAM, ...options]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const pictures = stdout.trimEnd().split("\n\n");
  assert.equal(pictures.length, 4);
  for (const picture of pictures) {
    const lines = picture.split("\n");
    assert.equal(lines.length, 12);
    assert.ok(lines.every((line) => line.length <= 60));
    assert.deepEqual(labels(lines), labels(await shownOutput("plugin")));
  }
  assert.match(stdout, /█ switches\/s +[1-9]/);
});

Deno.test("plugin redraws its chart in a terminal, and ends on Ctrl-C", async () => {
  // `script` provides a terminal, whose Ctrl-C works as it does for a user.
  const child = new Deno.Command("script", {
    // A waiting shell would be ended by that Ctrl-C itself.
    args: ["-qec", `exec ${PROGRAM.join(" ")} -i 100`, "/dev/null"],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    const drawn = text.split(REDRAW).length;
    text += part;
    if (drawn <= 3 && text.split(REDRAW).length > 3) await writer.write(Uint8Array.of(3));
  }
  await writer.close().catch(() => {});
  assert.equal((await child.status).code, 0, text);
  assert.match(text, /forks\/s/);
});

Deno.test("plugin reports errors in its command line, and ends with 2", async () => {
  for (const wrong of [["--no-such"], ["--interval", "0"], ["--count", "many"]]) {
    const { code, stdout, stderr } = await run([...PROGRAM, ...wrong]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, /^error: /);
  }
});

Deno.test("run refuses plugin's guest without its host, and names the missing function", async () => {
  const { code, stderr } = await runCli([fromFileUrl("../../dist/examples/plugin/plugin.wasm")]);
  assert.equal(code, 1);
  assert.match(stderr, /missing import: function "value" of module "chart"/);
});
