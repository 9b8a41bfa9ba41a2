/** Commands that transfer modules: `push` and `pull`, in all their forms. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli } from "../support/cli.ts";
import { namesIn } from "../support/store_places.ts";
import { createPlaces, HELLO } from "../support/registry_places.ts";

Deno.test("pull writes the module whole or not at all", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  await places.ok("push", "-m", "hello.wasm", reference);
  await Deno.mkdir(join(places.folder, "out"));
  const piped = { through: ["/bin/bash", "-c", '"$0" push -q <(cat hello.wasm) "$1"'] };
  const fromPipe = await runCli([places.reference("pipe")], {
    ...piped,
    cwd: places.folder,
    env: places.env,
  });
  assert.deepEqual([fromPipe.code, fromPipe.stderr], [0, ""]);
  for (const [option, path] of [["-o", "out/a"], ["--out", "out/b"], ["--output", "out/c"]]) {
    await places.ok("pull", reference, option ?? "", path ?? "");
    assert.deepEqual(await Deno.readFile(join(places.folder, path ?? "")), HELLO);
  }
  const { stdout, stderr } = await places.run("pull", "-q", "-o", "-", reference);
  assert.equal(stderr, "");
  assert.ok(stdout.startsWith("\0asm"));
  const failed = await places.run("pull", places.reference("v9"), "-o", "out/a");
  assert.equal(failed.code, 1);
  assert.deepEqual(await Deno.readFile(join(places.folder, "out/a")), HELLO);
  assert.deepEqual(await namesIn(join(places.folder, "out")), ["a", "b", "c"]);
  const nowhere = await places.run("pull", reference, "-o", "no/such/folder");
  assert.match(nowhere.stderr, /Cannot write "no\/such\/folder/);
  const reader = { through: ["/bin/sh", "-c", '"$0" "$@" | head -c 1 >/dev/null'] };
  const cut = await runCli(["images"], { ...reader, cwd: places.folder });
  assert.equal(cut.stderr, "");
});

Deno.test("push is reproducible with a time, and takes annotations and formats", async () => {
  await using places = await createPlaces();
  const push = async (tag: string, ...options: string[]) =>
    JSON.parse(await places.ok("push", "hello.wasm", places.reference(tag), "--json", ...options));
  const at = ["--created", "2026-01-31T12:00:00Z"];
  const first = await push("a", ...at, "--annotation", "k=v=w", "-a", "org.example/x=");
  const second = await push("b", ...at, "-a", "org.example/x=", "--annotations", "k=v=w");
  assert.equal(first.digest, second.digest);
  assert.notEqual((await push("c", ...at)).digest, first.digest);
  const inspect = async (tag: string) =>
    JSON.parse(await places.ok("inspect", "--json", places.reference(tag)));
  const { manifest, created, kind } = await inspect("a");
  assert.equal(created, "2026-01-31T12:00:00Z");
  assert.equal(kind, "compat");
  assert.equal(manifest.annotations.k, "v=w");
  assert.equal(manifest.layers[0].annotations["org.opencontainers.image.title"], "hello.wasm");
  await push("d", ...at, "--format", "cncf");
  assert.equal((await inspect("d")).kind, "cncf");
  for (
    const [options, pattern] of [
      [["--created", "yesterday"], /: invalid time/],
      [["--created", "2026-01-31"], /: invalid time/],
      [["--created", "2026-13-31T12:00:00Z"], /: invalid time/],
      [["--format", "tar"], /compat or cncf/],
      [["-a", "=v"], /not KEY=VALUE/],
      [["-a", "novalue"], /not KEY=VALUE/],
      [["--insecure"], /--ca-file/],
      [["--password", "secret"], /--username/],
    ] as const
  ) {
    const { code, stderr } = await places.run(
      "push",
      "hello.wasm",
      places.reference("e"),
      ...options,
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, pattern);
  }
});

Deno.test("push to another repository of the registry has it mount what is there", async () => {
  await using places = await createPlaces();
  const [source, target] = [places.reference("v1"), `${places.registry.host}/other/name:v2`];
  const { digest } = JSON.parse(await places.ok("push", "--json", "hello.wasm", source));
  await places.ok("pull", "-q", source);
  await places.ok("tag", source, target);
  const pushed = await places.run("push", "--json", target);
  assert.equal(JSON.parse(pushed.stdout).digest, digest);
  assert.match(pushed.stderr, /^hello\.wasm: \d+ B there already$/m);
  const log = await places.registry.log();
  assert.equal(log.match(/from=you%2Ftool&mount=|mount=[^ ]*from=you%2Ftool/g)?.length, 2);
  assert.equal((await places.run("--pull", "always", "-q", target)).code, 7);
});

Deno.test("push sends what comes through a pipe, and leaves no file of it", async () => {
  await using places = await createPlaces();
  const temporary = join(places.folder, "tmp");
  await Deno.mkdir(temporary);
  const env = { ...places.env, TMPDIR: temporary };
  const run = (script: string) =>
    runCli([], { through: ["/bin/sh", "-c", script], cwd: places.folder, env });
  for (
    const [tag, script] of [
      ["stdin", `cat hello.wasm | "$0" push -q - ${places.reference("stdin")}`],
      ["file", `"$0" push -q - ${places.reference("file")} < hello.wasm`],
      ["fifo", `mkfifo f; cat hello.wasm >f & "$0" push -q f ${places.reference("fifo")}`],
    ] as const
  ) {
    const { code, stderr } = await run(script);
    assert.deepEqual([code, stderr], [0, ""], tag);
    assert.equal((await places.run(places.reference(tag))).code, 7);
  }
  const refused = await run(`echo text | "$0" push - ${places.reference("text")}`);
  assert.match(refused.stderr, /Cannot use standard input: /);
  const folder = await run(`"$0" push - ${places.reference("folder")} < .`);
  assert.match(folder.stderr, /Cannot read standard input: EISDIR/);
  const nowhere = await run(`cat hello.wasm | TMPDIR=/none "$0" push - ${places.reference("x")}`);
  assert.match(nowhere.stderr, /Cannot copy standard input to a temporary file: No such file/);
  assert.deepEqual(await namesIn(temporary), []);
});

Deno.test("push refuses a file that is not a module", async () => {
  await using places = await createPlaces();
  await Deno.writeTextFile(join(places.folder, "text"), "text");
  await Deno.writeFile(join(places.folder, "empty"), new Uint8Array(0));
  const alone = await places.run("push", "text");
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /no reference given\nhint: add a reference: /);
  const refused: [string, RegExp][] = [
    ["text", /starts with 74 65 78 74/],
    ["empty", /starts with nothing/],
    ["absent", /Cannot read "absent"/],
    [".", /Cannot read/],
  ];
  for (const [file, pattern] of refused) {
    const { code, stderr } = await places.run("push", file, places.reference("v1"));
    assert.equal(code, 1, stderr);
    assert.match(stderr, pattern);
  }
  await places.ok("push", "-q", "hello.wasm", places.reference("v2"));
  const log = await places.registry.log();
  // Those of the module alone.
  assert.equal(log.match(/http\.request\.method=POST .*\/blobs\/uploads\//g)?.length, 2);
});
