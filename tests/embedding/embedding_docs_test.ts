import assert from "node:assert/strict";
import { fromFileUrl } from "../support/paths.ts";

const ROOT = fromFileUrl("../../");
const EXAMPLES = `${ROOT}examples/embedding/`;

/** Expected output of each example. */
const OUTPUT: Record<string, RegExp> = {
  "run.ts": /^exit code 0\nUsage: bootstrap .*\n$/,
  "spawn.ts":
    /^handle_exec ran: true, handle_exit ran: true\nlost: null\n\{ kind: "exited", code: 0 \}\n$/,
  "files.ts": /^Hello, reader\.\nexit code 0\nENOENT\n$/,
  "limits.ts": /^guest: hello\nLIMIT_TIME\nguest: hello\nABORTED\n$/,
};

for (const [name, expected] of Object.entries(OUTPUT)) {
  Deno.test(`examples/embedding/${name} prints its documented output`, async () => {
    const { stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-check", "--allow-all", `${EXAMPLES}${name}`],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assert.match(decoder.decode(stdout), expected, decoder.decode(stderr));
    assert.equal(decoder.decode(stderr), "");
  });
}

Deno.test("docs/embedding.md quotes its examples as they are", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/embedding.md`);
  const quoted = [...text.matchAll(/<!-- (\w+\.ts) -->\n\n```ts\n([^]*?)```\n/g)];
  assert.deepEqual(quoted.map(([, name]) => name), [
    ...["run.ts", "spawn.ts", "files.ts", "host.ts", "limits.ts"],
  ]);
  for (const [, name, code] of quoted) {
    const file = await Deno.readTextFile(`${EXAMPLES}${name}`);
    assert.equal(code, file.replace(/^\/\/ deno-lint-ignore-file .*\n/, ""), name);
  }
});
