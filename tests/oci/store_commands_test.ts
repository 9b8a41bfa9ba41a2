import assert from "node:assert/strict";
import { join } from "node:path";
import { BOOTSTRAP, runCli } from "../support/cli.ts";
import { speaking } from "../support/place.ts";
import { namesIn } from "../support/store_places.ts";
import { createPlaces } from "../support/registry_places.ts";

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
