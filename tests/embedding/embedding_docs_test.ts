import assert from "node:assert/strict";
import { generate } from "../../bindgen/mod.ts";
import { fromFileUrl } from "../support/paths.ts";

const ROOT = fromFileUrl("../../");
const EXAMPLES = `${ROOT}examples/embedding/`;

/** Expected output of each example, which the docs quote. */
const OUTPUT: Record<string, RegExp> = {
  "run.ts": /^exit code 0\nUsage: bootstrap .*\n$/,
  "spawn.ts":
    /^handle_exec ran: true, handle_exit ran: true\nlost: null\n\{ kind: "exited", code: 0 \}\n$/,
  "files.ts": /^Hello, reader\.\nexit code 0\nENOENT\n$/,
  // On a busy machine the time can be over before a guest prints.
  "limits.ts": /^(guest: hello\n)?LIMIT_TIME\n(guest: hello\n)?ABORTED\n$/,
  "object.ts":
    /^started true bigint\nstarted true true\ntrue\nNO_SOURCE: did .*\n\{ kind: "exited", code: 0 \}\n$/,
  "records.ts": /^true\n\{ kind: "exited", code: 0 \}\nprocesses events true\nseen\n$/,
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

/** Examples that a page quotes, in order. */
const QUOTED: Record<string, string[]> = {
  "embedding.md": ["run.ts", "spawn.ts", "files.ts", "host.ts", "limits.ts"],
  "library.md": ["object.ts", "records.ts"],
};

for (const [page, names] of Object.entries(QUOTED)) {
  Deno.test(`docs/${page} quotes its examples as they are`, async () => {
    const text = await Deno.readTextFile(`${ROOT}docs/${page}`);
    const quoted = [...text.matchAll(/<!-- (\w+\.ts) -->\n\n```ts\n([^]*?)```\n/g)];
    assert.deepEqual(quoted.map(([, name]) => name), names);
    for (const [, name, code] of quoted) {
      const file = await Deno.readTextFile(`${EXAMPLES}${name}`);
      assert.equal(code, file.replace(/^\/\/ deno-lint-ignore-file .*\n/, ""), name);
    }
  });
}

Deno.test("gen typescript writes the types that examples/embedding/object.ts uses", async () => {
  const bytes = await Deno.readFile(`${ROOT}dist/examples/embedding/events.bpf.o`);
  const { text } = generate(bytes, { target: "typescript", source: "events.bpf.o" });
  assert.equal(await Deno.readTextFile(`${EXAMPLES}events.ts`), text);
});

Deno.test("a program without this checkout's configuration can use the library", async () => {
  // Packages that deno.json names are then not there.
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "--no-config", "--no-check", "--allow-all", `${EXAMPLES}object.ts`],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.match(decoder.decode(stdout), OUTPUT["object.ts"] ?? /^$/, decoder.decode(stderr));
});
