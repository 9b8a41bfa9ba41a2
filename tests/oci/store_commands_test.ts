import assert from "node:assert/strict";
import { join } from "node:path";
import { BOOTSTRAP, runCli } from "../support/cli.ts";
import { speaking } from "../support/place.ts";
import { namesIn, StorePlaces } from "../support/store_places.ts";
import { assemble } from "../support/wat.ts";

/** Prints its name and arguments, and exits with 7. */
const HELLO = assemble(`(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 64) (i32.const 1024)))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $exit (i32.const 7))))`);

/** Places with `hello.wasm` in the folder. */
async function createPlaces(): Promise<StorePlaces> {
  const places = await StorePlaces.create();
  await places.write("hello.wasm", HELLO);
  return places;
}

Deno.test("a module is pushed, pulled, listed, run, renamed and removed", async () => {
  await using places = await createPlaces();
  const [v1, v2] = [places.reference("v1"), places.reference("v2")];
  const pushed = JSON.parse(await places.ok("push", "hello.wasm", v1, "--json"));
  assert.equal(pushed.reference, v1);
  assert.deepEqual(Object.keys(pushed), ["reference", "digest", "sizeBytes", "mediaType"]);
  const pulled = JSON.parse(await places.ok("pull", "--json", v1));
  assert.equal(pulled.digest, pushed.digest);
  assert.equal(pulled.kind, "compat");
  const [image] = JSON.parse(await places.ok("images", "--json"));
  assert.equal(image.reference, v1);
  assert.equal(image.digest, pushed.digest);
  const { code, stdout } = await places.run("run", v1, "an", "argument");
  assert.deepEqual({ code, stdout }, { code: 7, stdout: `${v1}\0an\0argument\0` });
  await places.ok("tag", v1, v2);
  assert.equal((await places.ok("ls", "--quiet")).trim(), [v1, v2].join("\n"));
  await places.ok("push", v2);
  const checked = JSON.parse(await places.ok("images", "--check", "--json"));
  assert.deepEqual(Object.keys(checked), ["blobCount", "sizeBytes", "problems"]);
  await places.ok("rm", pushed.digest.slice("sha256:".length, 20));
  assert.equal((await places.ok("images", "--json")).trim(), "[]");
  assert.match(await places.ok("images", "--check"), /^0 blobs, 0 B: no problems found/);
  assert.equal((await places.run(v2)).code, 7);
});

Deno.test("run starts from the store when the registry is gone, and reports when it cannot", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  await places.ok("push", "hello.wasm", reference);
  assert.equal((await places.run("--pull", "never", reference)).code, 1);
  assert.equal((await places.run("--pull", "missing", "-q", reference)).code, 7);
  await places.registry.stop();
  for (const options of [[], ["--pull", "never"], ["--pull", "missing"], ["--quiet"]]) {
    const { code, stderr } = await places.run(...options, reference);
    assert.deepEqual({ code, stderr }, { code: 7, stderr: "" });
  }
});

Deno.test("run takes standard input, a file that looks like a reference, and an address", async () => {
  await using places = await createPlaces();
  const { folder, registry } = places;
  await Deno.copyFile(join(folder, "hello.wasm"), join(folder, "tool:v1"));
  assert.deepEqual(await places.run("tool:v1"), {
    code: 7,
    signal: null,
    stdout: "tool:v1\0",
    stderr: "",
  });
  const shell = { through: ["/bin/sh", "-c", 'exec "$0" "$@" <hello.wasm'], cwd: folder };
  assert.equal((await runCli(["run", "-"], shell)).stdout, "-\0");
  await places.ok("push", "hello.wasm", places.reference("v1"));
  // A reference with a scheme in front is none of a file: its path does not end in .wasm.
  assert.equal((await places.run(`http://${registry.host}/you/tool:v1`)).code, 7);
  const missing = await places.run(`http://${registry.host}/hello.wasm`);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /Cannot fetch http:\/\/\S+: GET \S+: 404/);
});

Deno.test("run reports a damaged store, and a pull repairs it", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  await places.ok("push", "hello.wasm", reference);
  const { digest, layers } = JSON.parse(await places.ok("pull", "--json", reference));
  for (const damaged of [digest, layers[0].digest]) {
    const blob = join(places.store, "blobs", ...damaged.split(":"));
    const bytes = await Deno.readFile(blob);
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    await Deno.writeFile(blob, bytes);
    for (const options of [[], ["--pull", "never"]]) {
      const { code, stdout, stderr } = await places.run(...options, reference);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /its? digest is sha256:|their digest is sha256:/);
      assert.match(stderr, /^hint: run wasm-bpf pull \S+ to replace the damaged parts/m);
    }
    assert.equal((await places.run("images", "--check")).code, 1);
    await places.ok("pull", "-q", reference);
    assert.equal((await places.run(reference)).code, 7);
  }
});

Deno.test("prune and rm keep every blob that a damaged manifest may refer to, and report it", async () => {
  await using places = await createPlaces();
  for (const tag of ["v1", "v2"]) {
    await places.ok("push", "-a", `tag=${tag}`, "hello.wasm", places.reference(tag));
    await places.ok("pull", "-q", places.reference(tag));
  }
  const reference = places.reference("v1");
  const { digest } = JSON.parse(await places.ok("inspect", "--json", reference));
  await Deno.writeTextFile(join(places.store, "blobs", ...digest.split(":")), "{}");
  const pruned = await places.run("prune", "--json");
  assert.equal(pruned.code, 1);
  assert.deepEqual(JSON.parse(pruned.stdout).unreadable, [reference]);
  assert.match(
    pruned.stderr,
    /^error: Cannot remove blobs: .*you\/tool:v1 .*\nhint: run wasm-bpf pull/,
  );
  const removed = await places.run("rm", places.reference("v2"));
  assert.match(removed.stderr, /^note: Cannot remove blobs: [^]*removed 1 reference, freed 0 B/);
  assert.equal(removed.code, 0);
  await places.ok("rm", reference);
  assert.match(await places.ok("images", "--json"), /^\[\]/);
});

Deno.test("run by digest ignores the store's index", async () => {
  await using places = await createPlaces();
  await places.write("other.wasm", speaking("other"));
  for (const [name, tag] of [["hello", "v1"], ["other", "v2"]]) {
    await places.ok("push", `${name}.wasm`, places.reference(tag ?? ""));
    await places.ok("pull", "-q", places.reference(tag ?? ""));
  }
  const file = join(places.store, "index.json");
  const index = JSON.parse(await Deno.readTextFile(file));
  const [hello, other] = index.manifests;
  const pinned = places.reference("v1").replace(/:v1$/, `@${hello.digest}`);
  const name = { "org.opencontainers.image.ref.name": pinned };
  const chosen = { ...name, "wasm-bpf.chosen-from": hello.digest };
  for (const annotations of [name, chosen]) {
    const forged = { ...other, annotations };
    await Deno.writeTextFile(file, JSON.stringify({ ...index, manifests: [forged] }));
    const { stderr } = await places.run("--pull", "never", pinned);
    assert.match(stderr, /not in the store/);
    // Its registry has it still.
    assert.equal((await places.run(pinned)).code, 7);
  }
});

Deno.test("run reports a word that is neither file nor reference, and options without a reference", async () => {
  await using places = await createPlaces();
  for (const word of ["nothing", "nothing.wasm", "./nothing.wasm", "folder/nothing.wasm"]) {
    const { code, stderr } = await places.run(word);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /no such file, and a reference needs a tag or a slash\nhint: check the path/,
    );
  }
  for (const options of [["--pull", "always"], ["--verify-key", "k"], ["--platform", "a/b"]]) {
    const { code, stderr } = await places.run(...options, "hello.wasm");
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`Cannot use ${options[0]} with the file "hello.wasm"`));
  }
});

Deno.test("a word without a tag or a slash is a file in every command, and nothing is asked", async () => {
  await using places = await createPlaces();
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    asked.push(url);
    return new Response(null, { status: 404 });
  });
  const env = {
    XDG_DATA_HOME: join(places.folder, "data"),
    WASM_BPF_REGISTRY: `127.0.0.1:${server.addr.port}`,
  };
  // A name of the store, as an earlier version took it without its tag.
  await places.ok("push", "hello.wasm", places.reference("v1"));
  await places.ok("pull", "-q", places.reference("v1"));
  await places.ok("tag", places.reference("v1"), `${env.WASM_BPF_REGISTRY}/nope:latest`);
  const run = (...words: string[]) => runCli(words, { env, cwd: places.folder });
  const lines = [
    ["nope"],
    ["run", "nope"],
    ["run", "--pull", "always", "nope"],
    ["run", "--pull", "never", "nope"],
    ["pull", "nope"],
    ["inspect", "nope"],
    ["inspect", "--remote", "nope"],
    ["push", "nope"],
    ["push", "hello.wasm", "nope"],
    ["push", "-m", "hello.wasm", "nope"],
    ["tag", places.reference("v1"), "nope"],
    ["tag", "nope", "you/tool:v1"],
    ["rm", "nope"],
    ["pull", "folder/nope.wasm"],
    ["inspect", "folder/nope.wasm"],
    ["rm", "deadbeef"],
  ];
  for (const words of lines) {
    const { code, stdout, stderr } = await run(...words);
    assert.notEqual(code, 0, `${words}`);
    assert.equal(stdout, "");
    assert.match(stderr, /a (reference|name in the store) needs a tag or a slash/, `${words}`);
    assert.match(stderr, /^hint: .*write (nope|deadbeef|folder\/nope\.wasm):latest/m, `${words}`);
  }
  assert.deepEqual(asked, []);
  assert.equal((await run("nope:latest")).code, 7);
  await run("inspect", "you/nope");
  assert.notDeepEqual(asked, []);
});

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
  assert.match(folder.stderr, /Cannot read standard input: Is a directory/);
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

Deno.test("inspect shows the parts of a module, from the store and from the registry", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  await places.ok("push", BOOTSTRAP, reference);
  assert.match(await places.ok("inspect", reference), /^From +its registry$/m);
  await places.ok("pull", "-q", reference);
  const text = await places.ok("inspect", reference);
  assert.match(text, /^From +the local store, since /m);
  assert.match(
    text,
    /^Layer +application\/vnd\.wasm\.content\.layer\.v1\+wasm .*bootstrap\.wasm$/m,
  );
  assert.match(text, /^Imports +wasm_bpf: .*wasm_load_bpf_object/m);
  assert.match(text, /^eBPF object {2}[\d.]+ kB, license .*, level inspect$/m);
  // The whole of the document, what wasm-bpf makes no use of as well.
  for (const options of [[], ["--remote"]]) {
    const { manifest } = JSON.parse(await places.ok("inspect", "--json", ...options, reference));
    const url = `http://${places.registry.host}/v2/you/tool/manifests/v1`;
    const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
    assert.deepEqual(manifest, await (await fetch(url, { headers })).json());
    assert.equal(manifest.schemaVersion, 2);
  }
  assert.equal((await places.run("inspect", places.reference("v9"))).code, 1);
});

Deno.test("inspect, images and pull print no control, bidi or zero-width character of others", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  const value = "a\u009b31m\u202eb\u200b\u2066c\u061c\u2028\nProblem      none";
  await places.ok("push", "hello.wasm", reference, "-a", `org.opencontainers.image.title=${value}`);
  const outputs = [];
  for (const more of [["inspect", "--remote"], ["pull"], ["inspect"], ["images"]]) {
    const [command = "", ...options] = more;
    const word = command === "images" ? [] : [reference];
    const text = await places.run(command, ...options, ...word);
    const json = await places.run(command, ...options, "--json", ...word);
    for (const { code, stdout, stderr } of [text, json]) {
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, command);
    }
    outputs.push(text.stdout);
    if (command === "inspect") {
      const { manifest } = JSON.parse(json.stdout);
      assert.equal(manifest.annotations["org.opencontainers.image.title"], value);
      assert.doesNotMatch(text.stdout, /^Problem/m);
      assert.match(text.stdout, /a\\x9b31m\\u202eb\\u200b\\u2066c\\u061c\\u2028\\nProblem/);
    }
  }
});

Deno.test("commands report a store that is missing or owned by another user", async () => {
  await using places = await createPlaces();
  assert.match(await places.ok("images"), /^REFERENCE/);
  assert.match(await places.ok("prune"), /^freed 0 B/);
  for (const args of [["rm", "x:v1"], ["tag", "x:v1", "y:v1"], ["push", "x:v1"]]) {
    const { code, stderr } = await places.run(...args);
    assert.equal(code, 1);
    assert.match(stderr, /no store at .*\/data\/wasm-bpf yet/);
  }
  assert.deepEqual(await namesIn(places.folder), ["hello.wasm"]);
  await Deno.mkdir(places.store, { recursive: true });
  await Deno.chmod(places.store, 0o777);
  for (const args of [["images"], ["pull", "x.io/y:v1"], ["x.io/y:v1"], ["rm", "x:v1"]]) {
    const { code, stderr } = await places.run(...args);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use the store .*: others can write to it\nhint: /);
  }
  await Deno.remove(places.store);
});

Deno.test("WASM_BPF_REGISTRY is the registry of references that name none", async () => {
  await using places = await createPlaces();
  await places.ok("push", "hello.wasm", places.reference("v1"));
  const env = {
    XDG_DATA_HOME: join(places.folder, "data"),
    WASM_BPF_REGISTRY: places.registry.host,
  };
  assert.equal((await runCli(["you/tool:v1"], { env, cwd: places.folder })).code, 7);
  const wrong = await runCli(["you/tool:v1"], { env: { ...env, WASM_BPF_REGISTRY: "a b" } });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot use WASM_BPF_REGISTRY: "a b" is not a host name/);
});

/** The members that `docs/oci.md` gives a command's JSON. */
async function documented(command: string): Promise<string[]> {
  const guide = await Deno.readTextFile(new URL("../../docs/oci.md", import.meta.url));
  const chapter = guide.slice(guide.indexOf("\n## JSON\n"));
  const row = new RegExp(`^\\| \`${command}\` +\\|(.*)\\|$`, "m").exec(chapter)?.[1] ?? "";
  return [...row.matchAll(/`(\w+)`/g)].map(([, member = ""]) => member);
}

Deno.test("docs/oci.md lists every member of JSON output", async () => {
  await using places = await createPlaces();
  const reference = places.reference("v1");
  const said = {
    "push": await places.ok("push", "--json", "hello.wasm", reference),
    "pull": await places.ok("pull", "--json", "-o", "out", reference),
    "images": await places.ok("images", "--json"),
    "images --check": await places.ok("images", "--check", "--json"),
    "prune": await places.ok("prune", "--json"),
  };
  for (const [command, text] of Object.entries(said)) {
    const members = await documented(command);
    const json = JSON.parse(text);
    for (const name of Object.keys(json[0] ?? json)) {
      assert.ok(members.includes(name), `${command}: ${name}`);
    }
  }
  const members = [...await documented("inspect"), ...await documented("images")];
  for (const word of [reference, "hello.wasm"]) {
    for (const name of Object.keys(JSON.parse(await places.ok("inspect", "--json", word)))) {
      assert.ok(members.includes(name), `inspect: ${name}`);
    }
  }
});
