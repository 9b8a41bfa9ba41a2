/** Signatures and policies with the command line and a real registry. */
import assert from "node:assert/strict";
import { Registry, signArtifact } from "../../oci/mod.ts";
import { putBytes, putManifest } from "../support/artifacts.ts";
import {
  cosignBytes,
  cosignFile,
  cosignPrivateKey,
  PASSWORD,
  TOOL,
} from "../support/cosign_data.ts";
import { type CliResult, WASM_BPF } from "../support/cli.ts";
import { privateRoot } from "../support/mounts.ts";
import { Place, speaking } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";

const KEY = cosignFile("p256.key");
const PUB = cosignFile("p256.pub");
const OTHER_PUB = cosignFile("p384.pub");
const PASSWORD_OF_KEY = { env: { COSIGN_PASSWORD: PASSWORD } };

const LINE = "signed and sealed";
const MODULE = speaking(LINE);
const OTHER_MODULE = speaking("something else");

/** Pushes a module, optionally signed, and returns its digest. */
async function push(
  place: Place,
  reference: string,
  options: { module?: Uint8Array<ArrayBuffer>; key?: string } = {},
): Promise<string> {
  const file = await place.write("tool.wasm", options.module ?? MODULE);
  const sign = options.key === undefined ? [] : ["--sign-key", options.key];
  const words = ["push", "--json", ...sign, "--created", "2026-01-01T00:00:00Z", file, reference];
  return JSON.parse(await place.succeed(words, PASSWORD_OF_KEY)).digest;
}

/** Asserts that a command failed with a text, and ran nothing. */
function assertRefused(result: CliResult, error: RegExp): void {
  assert.equal(result.code, 1, result.stdout + result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, error);
  assert.match(result.stderr, /^hint: /m);
}

async function writePolicy(place: Place, references: unknown): Promise<void> {
  await place.write("config/wasm-bpf/policy.json", JSON.stringify({ references }));
}

const path = (place: Place, digest: string) => `${place.store}/blobs/${digest.replace(":", "/")}`;

/** Changes one byte of a blob in the store. */
async function damage(file: string): Promise<void> {
  const bytes = await Deno.readFile(file);
  const at = bytes.length - 10;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await Deno.chmod(file, 0o600);
  await Deno.writeFile(file, bytes);
}

Deno.test("run accepts a signed module, and later without the registry", async () => {
  await using place = await Place.create();
  let reference: string;
  {
    await using registry = await TestRegistry.start();
    reference = `${registry.host}/you/tool:v1`;
    await push(place, reference, { key: KEY });
    assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
    assertRefused(
      await place.run(["run", "--verify-key", OTHER_PUB, reference]),
      /no valid signature for --verify-key/,
    );
    assertRefused(
      await place.run(["run", "--verify-key", PUB, "--verify-key", OTHER_PUB, reference]),
      /p384\.pub/,
    );
  }
  assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
  const never = ["run", "--pull", "never", "--verify-key"];
  assert.equal(await place.succeed([...never, PUB, reference]), `${LINE}\n`);
  assertRefused(await place.run([...never, OTHER_PUB, reference]), /no valid signature/);
  assert.match(await place.succeed(["images"]), /you\/tool/);
  assert.doesNotMatch(await place.succeed(["images", "--quiet"]), /sig/);
  await place.succeed(["prune"]);
  assert.equal(await place.succeed([...never, PUB, reference]), `${LINE}\n`);
  await place.succeed(["images", "--check"]);
});

Deno.test("run and pull refuse an unsigned module, and store no name", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  for (const command of ["pull", "run"]) {
    const result = await place.run([command, "--verify-key", PUB, reference]);
    assertRefused(result, /it is not signed, but --verify-key \S+ requires a signature/);
  }
  assert.equal(await place.succeed(["images", "--quiet"]), "");
  assert.equal(await place.succeed(["run", reference]), `${LINE}\n`);
  assertRefused(await place.run(["run", "--verify-key", PUB, reference]), /it is not signed/);
});

Deno.test("run refuses a signature over another digest", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const signed = `${registry.host}/you/tool:v1`;
  const other = `${registry.host}/you/tool:v2`;
  const digest = await push(place, signed, { key: KEY });
  const otherDigest = await push(place, other, { module: OTHER_MODULE });
  const tag = (digest: string) => `${digest.replace(":", "-")}.sig`;
  const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
  const there = await registry.fetch(`/v2/you/tool/manifests/${tag(digest)}`, { headers });
  const name = { repository: "you/tool", tag: tag(otherDigest) };
  await putManifest(registry, name, await there.json());
  const result = await place.run(["run", "--verify-key", PUB, other]);
  assertRefused(result, new RegExp(`signs other content: ${digest}`));
  assert.equal(await place.succeed(["run", "--verify-key", PUB, signed]), `${LINE}\n`);
});

Deno.test("run accepts the signature of an image index for its manifest", async () => {
  await using place = await Place.create();
  let reference: string;
  {
    await using registry = await TestRegistry.start();
    reference = `${registry.host}/you/many:v1`;
    const other = await push(place, `${registry.host}/you/many:other`, { module: OTHER_MODULE });
    const tool = await push(place, `${registry.host}/you/many:tool`);
    using remote = new Registry(registry.host);
    const repository = remote.repository("you/many");
    const manifests = await Promise.all([["linux", "amd64", other], ["wasi", "wasm", tool]].map(
      async ([os, architecture, digest = ""]) => ({
        ...await repository.resolve(digest),
        platform: { os, architecture },
      }),
    ));
    await putManifest(registry, { repository: "you/many", tag: "v1" }, {
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests,
    });
    assertRefused(await place.run(["run", "--verify-key", PUB, reference]), /it is not signed/);
    const subject = await repository.resolve("v1");
    const key = await cosignPrivateKey("p256");
    const name = { registry: registry.host, repository: "you/many" };
    await signArtifact(repository, { reference: name, subject, key });
    assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
    // By its own digest it is another artifact, which is not signed.
    const alone = `${registry.host}/you/many@${tool}`;
    const lonely = await place.run(["run", "--pull", "always", "--verify-key", PUB, alone]);
    assertRefused(lonely, /it is not signed/);
  }
  const never = ["run", "--pull", "never", "--verify-key", PUB];
  assert.equal(await place.succeed([...never, reference]), `${LINE}\n`);
  await place.succeed(["prune"]);
  assert.equal(await place.succeed([...never, reference]), `${LINE}\n`);
});

Deno.test("pull refuses a tag that moved to an unsigned artifact", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference, { key: KEY });
  const run = (...more: string[]) => place.run(["run", ...more, "--verify-key", PUB, reference]);
  assert.equal((await run()).stdout, `${LINE}\n`);
  await push(place, reference, { module: OTHER_MODULE });
  assertRefused(await run("--pull", "always"), /it is not signed/);
  assert.equal((await run()).stdout, `${LINE}\n`);
});

Deno.test("a damaged module, manifest or signature in the store is not used", async () => {
  await using place = await Place.create();
  let reference: string;
  let digest: string;
  {
    await using registry = await TestRegistry.start();
    reference = `${registry.host}/you/tool:v1`;
    digest = await push(place, reference, { key: KEY });
    await place.succeed(["pull", "--quiet", "--verify-key", PUB, reference]);
  }
  const manifest = JSON.parse(await Deno.readTextFile(path(place, digest)));
  const index = JSON.parse(await Deno.readTextFile(`${place.store}/index.json`));
  const signature = index.manifests.find((entry: { digest: string }) => entry.digest !== digest);
  const payload = JSON.parse(await Deno.readTextFile(path(place, signature.digest)));
  const parts = {
    module: manifest.layers[0].digest,
    manifest: digest,
    signature: signature.digest,
    payload: payload.layers[0].digest,
  };
  const run = () => place.run(["run", "--pull", "never", "--verify-key", PUB, reference]);
  for (const [what, part] of Object.entries(parts)) {
    const good = await Deno.readFile(path(place, part));
    await damage(path(place, part));
    const result = await run();
    assert.equal(result.code, 1, what);
    assert.equal(result.stdout, "", what);
    await Deno.writeFile(path(place, part), good);
    assert.equal((await run()).stdout, `${LINE}\n`, what);
  }
  // The origin in the store's index has no influence on trust.
  const forged = structuredClone(index);
  forged.manifests = [
    { ...signature, annotations: { ...signature.annotations, "wasm-bpf.attached-to": digest } },
    ...forged.manifests.filter((entry: { digest: string }) => entry.digest === digest),
  ];
  const other = await place.write("other.wasm", OTHER_MODULE);
  const bytes = await Deno.readFile(other);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  await Deno.writeFile(path(place, `sha256:${hash}`), bytes);
  manifest.layers[0] = { ...manifest.layers[0], digest: `sha256:${hash}`, size: bytes.length };
  const text = new TextEncoder().encode(JSON.stringify(manifest));
  const forgedHash = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
  await Deno.writeFile(path(place, `sha256:${forgedHash}`), text);
  for (const entry of forged.manifests) {
    if (entry.digest !== digest) continue;
    Object.assign(entry, { digest: `sha256:${forgedHash}`, size: text.length });
    entry.annotations["wasm-bpf.chosen-from"] = digest;
  }
  await Deno.writeTextFile(`${place.store}/index.json`, JSON.stringify(forged));
  assert.equal(await place.succeed(["run", "--pull", "never", reference]), "something else\n");
  assertRefused(await run(), /it is not signed/);
});

Deno.test("run requires a signature for artifacts pulled before the policy", async () => {
  await using place = await Place.create();
  let signed: string, unsigned: string;
  const never = ["run", "--pull", "never"];
  {
    await using registry = await TestRegistry.start();
    signed = `${registry.host}/you/tool:v1`;
    unsigned = `${registry.host}/you/other:v1`;
    await push(place, signed, { key: KEY });
    await push(place, unsigned, { module: OTHER_MODULE });
    assert.equal(await place.succeed(["run", signed]), `${LINE}\n`);
    assert.equal(await place.succeed(["run", unsigned]), "something else\n");
    await writePolicy(place, { "*": { keys: [PUB] } });
    assertRefused(
      await place.run([...never, signed]),
      /it is not signed, but "\*" in \S+policy\.json/,
    );
    assertRefused(await place.run(["run", unsigned]), /it is not signed/);
    assert.equal(await place.succeed(["run", signed]), `${LINE}\n`);
  }
  assert.equal(await place.succeed([...never, signed]), `${LINE}\n`);
  assertRefused(await place.run([...never, unsigned]), /it is not signed/);
});

Deno.test("run applies the longest pattern, also to stored artifacts", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  await place.write("config/wasm-bpf/cosign.pub", await Deno.readFile(PUB));
  const cases: [unknown, RegExp | undefined][] = [
    [{ "*": "reject" }, /"\*" in \S+ rejects it/],
    [{ "*": "reject", [`${registry.host}/*`]: "accept" }, undefined],
    [{ [`${registry.host}/you/tool`]: "reject", "*": "accept" }, /rejects it/],
    [{ "ghcr.io/*": "accept" }, /no pattern in \S+ matches/],
    [{ [`${registry.host}/you/*`]: { keys: ["cosign.pub"] }, "*": "accept" }, /not signed/],
    [{ "*": { keys: ["absent.pub"] } }, /Cannot use the key \S+absent\.pub/],
    [{ "*": "allow" }, /neither "accept" nor "reject"/],
    [{}, /needs at least one rule/],
  ];
  for (const [references, error] of cases) {
    await writePolicy(place, references);
    for (const command of ["run", "pull"]) {
      const result = await place.run([command, reference]);
      if (error !== undefined) assertRefused(result, error);
      else assert.equal(result.code, 0, result.stderr);
    }
  }
  await place.write("config/wasm-bpf/policy.json", '{"references":{"*":"accept"}');
  assertRefused(await place.run(["run", reference]), /Cannot read the policy .*not JSON/);
});

Deno.test("a user's policy cannot override the machine's", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await writePolicy(place, { "*": "accept" });
  await place.write("etc/wasm-bpf/policy.json", '{"references":{"*":"reject"}}');
  // /etc with one more directory, only for this command.
  const script = `mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" &&
    cp -r "$0"/* "$1/up" && chmod -R go-w "$1/up" &&
    mount -t overlay -o "lowerdir=/etc,upperdir=$1/up,workdir=$1/work" overlay /etc &&
    shift && exec "$@"`;
  await Deno.mkdir(`${place.folder}/overlay`);
  const through = [
    ...[...privateRoot(), script],
    ...[`${place.folder}/etc`, `${place.folder}/overlay`],
  ];
  const rejected = await place.run(["run", reference], { through });
  assertRefused(rejected, /"\*" in \/etc\/wasm-bpf\/policy\.json rejects it/);
  assert.equal(await place.succeed(["run", reference]), `${LINE}\n`);
});

Deno.test("run fetches an address only if a policy accepts it unsigned", async () => {
  await using place = await Place.create();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(MODULE),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const address = `http://${host}/tool.wasm`;
  assert.equal(await place.succeed(["run", address]), `${LINE}\n`);
  await writePolicy(place, { "*": "reject" });
  assertRefused(await place.run(["run", address]), /rejects it/);
  await writePolicy(place, { "*": { keys: [PUB] } });
  assertRefused(await place.run(["run", address]), /requires a signature/);
  await writePolicy(place, { "*": "reject", [`${host}/*`]: "accept" });
  assert.equal(await place.succeed(["run", address]), `${LINE}\n`);
  const result = await place.run(["run", "--verify-key", PUB, address]);
  assert.equal(result.code, 2, result.stderr);
});

/** Starts a server on a loopback port and returns its `host:port`. */
function serve(answer: (url: URL) => Response): { host: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(new URL(request.url)),
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("run checks every redirect against the policy before the request", async () => {
  await using place = await Place.create();
  const asked: string[] = [];
  await using rejected = serve((url) => {
    asked.push(url.pathname);
    return url.pathname === "/back.wasm"
      ? Response.redirect(`http://${accepted.host}/tool.wasm`)
      : new Response(MODULE);
  });
  await using accepted = serve((url) => {
    const [, status, next] = /^\/(30\d)\/(.*)$/.exec(url.pathname) ?? [];
    if (status === undefined) return new Response(MODULE);
    return Response.redirect(`http://${next?.replace("HOST", rejected.host)}`, Number(status));
  });
  const { host } = accepted;
  const port = rejected.host.split(":")[1];
  const run = (path: string) => place.run(["run", `http://${host}/${path}`]);
  assert.equal((await run("302/HOST/tool.wasm")).stdout, `${LINE}\n`);
  asked.length = 0;
  const policies = [
    { "*": "reject", [`${host}/*`]: "accept" },
    { "*": "accept", [`${rejected.host}/*`]: "reject" },
    { "*": "accept", [`${rejected.host}/*`]: { keys: [PUB] } },
    { [`${host}/*`]: "accept" },
  ];
  for (const references of policies) {
    await writePolicy(place, references);
    for (
      const path of [
        "302/HOST/tool.wasm",
        "301/HOST/back.wasm",
        `307/${host}/302/HOST/tool.wasm`,
        `308/127.1:0${port}/tool.wasm`,
      ]
    ) {
      assertRefused(
        await run(path),
        new RegExp(`Cannot use http://${rejected.host}/(tool|back)\\.wasm: `),
      );
    }
    assert.equal((await run(`302/${host}/tool.wasm`)).stdout, `${LINE}\n`);
  }
  assert.deepEqual(asked, []);
});

Deno.test("run and pull apply one rule to every spelling of a registry, or refuse it", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  await push(place, `${registry.host}/you/tool:v1`);
  const port = registry.host.split(":")[1];
  await writePolicy(place, { [`${registry.host}/*`]: { keys: [PUB] }, "*": "accept" });
  assertRefused(await place.run(["run", `${registry.host}/you/tool:v1`]), /it is not signed/);
  const hosts = [
    ...[`127.0.0.1:0${port}`, `127.0.0.1:000${port}`, `127.1:${port}`, `0x7f.1:${port}`],
    ...[`2130706433:${port}`, `[::ffff:127.0.0.1]:${port}`, `[::ffff:7f00:1]:${port}`],
    ...[`0.0.0.0:${port}`, `127.0.0.01:${port}`, `127.0.0.1.:${port}`],
  ];
  for (const host of hosts) {
    for (const words of [["run", "--plain-http", host], ["pull", `http://${host}`]]) {
      const result = await place.run([...words.slice(0, -1), `${words.at(-1)}/you/tool:v1`]);
      assert.notEqual(result.code, 0, host);
      assert.equal(result.stdout, "", host);
      assert.match(result.stderr, /^error: Cannot use the reference .*\n(error|hint): /, host);
    }
  }
  assert.equal(await place.succeed(["images", "--quiet"]), "");
});

Deno.test("a name in another spelling in an older store is listed and removed, but does not run", async () => {
  await using place = await Place.create();
  await using registry = await TestRegistry.start();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  const index = `${place.store}/index.json`;
  const odd = reference.replace(":", ":0");
  await Deno.writeTextFile(index, (await Deno.readTextFile(index)).replaceAll(reference, odd));
  assert.match(await place.succeed(["images"]), new RegExp(odd));
  for (const words of [["run", odd], ["run", "--pull", "never", odd], [odd]]) {
    const result = await place.run(words);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /its port .* has leading zeros/);
  }
  await place.succeed(["rm", odd]);
  assert.equal(await place.succeed(["images", "--quiet"]), "");
});

Deno.test("run requires no signature for files", async () => {
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  await writePolicy(place, { "*": "reject" });
  assert.equal(await place.succeed(["run", file]), `${LINE}\n`);
  assert.equal((await place.run(["run", "--verify-key", PUB, file])).code, 2);
});

Deno.test("a file named like a reference cannot bypass a policy", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool`;
  await push(place, reference);
  await place.write(`work/${reference}`, OTHER_MODULE);
  assert.equal(await place.succeed(["run", reference]), "something else\n");
  assert.equal(await place.succeed([reference]), "something else\n");
  await writePolicy(place, { "*": "reject" });
  for (const words of [[reference], ["run", reference], ["run", "--pull", "never", reference]]) {
    assertRefused(await place.run(words), /"\*" in \S+ rejects it/);
  }
  assert.equal(await place.succeed(["run", `./${reference}`]), "something else\n");
  await writePolicy(place, { "*": "accept" });
  assert.equal(await place.succeed(["run", reference]), `${LINE}\n`);
});

Deno.test("push prompts for the password of a key", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  const reference = `${registry.host}/you/tool:v1`;
  const command = [WASM_BPF, "push", "--sign-key", KEY, file, reference].join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    env: place.env,
  }).spawn();
  const writer = child.stdin.getWriter();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!said.includes("Password") && (said + text).includes("Password")) {
      await writer.write(new TextEncoder().encode(`${PASSWORD}\r`));
    }
    said += text;
  }
  await writer.close().catch(() => {/* It has ended. */});
  assert.equal((await child.status).code, 0, said);
  assert.ok(!said.includes(PASSWORD));
  assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
});

for (const name of ["p256-tag", "p256-bundle", "p256-referrer"]) {
  Deno.test(`pull accepts signatures of cosign: ${name}`, async () => {
    await using registry = await TestRegistry.start();
    await using place = await Place.create();
    await putTool(registry);
    const signature = `${name}.manifest.json`;
    const form = name.endsWith("bundle") ? "bundle" : "payload";
    for (const part of ["config", form]) {
      await putBytes(registry, "test/tool", cosignBytes(`${name}.${part}.json`));
    }
    const manifest = JSON.parse(new TextDecoder().decode(cosignBytes(signature)));
    const tag = TOOL.replace(":", "-");
    if (name.endsWith("-tag")) await putRaw(registry, `${tag}.sig`, cosignBytes(signature));
    else {
      // The registry lacks the referrers API: this is the referrers tag.
      const digest = await putRaw(registry, `${name}-itself`, cosignBytes(signature));
      const { mediaType, artifactType } = manifest;
      const size = cosignBytes(signature).length;
      await putManifest(registry, { repository: "test/tool", tag }, {
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: [{ mediaType, digest, size, artifactType }],
      });
    }
    const reference = `${registry.host}/test/tool:v1`;
    const pulled = await place.succeed(["pull", "--json", "--verify-key", PUB, reference]);
    const [{ key, signedDigest }] = JSON.parse(pulled).signatures;
    assert.deepEqual([key, signedDigest], [PUB, TOOL]);
    assertRefused(
      await place.run(["pull", "--quiet", "--verify-key", OTHER_PUB, reference]),
      /no valid signature/,
    );
  });
}

/** Pushes the exact artifact of cosign's signatures. */
async function putTool(registry: TestRegistry): Promise<void> {
  await putBytes(registry, "test/tool", new TextEncoder().encode("{}"));
  await putBytes(registry, "test/tool", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  assert.equal(await putRaw(registry, "v1", cosignBytes("tool.manifest.json")), TOOL);
}

async function putRaw(
  registry: TestRegistry,
  tag: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
  const address = `/v2/test/tool/manifests/${tag}`;
  const response = await registry.fetch(address, { method: "PUT", headers, body });
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return response.headers.get("docker-content-digest") ?? "";
}

Deno.test("push refuses an unusable key before it pushes", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const file = await place.write("tool.wasm", MODULE);
  const reference = `${registry.host}/you/tool:v1`;
  const cases: [string, Record<string, string>, RegExp][] = [
    [KEY, { COSIGN_PASSWORD: "wrong" }, /wrong password/],
    [KEY, {}, /no password given/],
    [PUB, {}, /it is a public key/],
    ["/nowhere/cosign.key", {}, /no such file/i],
  ];
  for (const [key, env, error] of cases) {
    assertRefused(await place.run(["push", "--sign-key", key, file, reference], { env }), error);
  }
  const tags = await registry.fetch("/v2/you/tool/tags/list");
  await tags.body?.cancel();
  assert.equal(tags.status, 404);
});

Deno.test("push signs a stored artifact", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const reference = `${registry.host}/you/tool:v1`;
  await push(place, reference);
  await place.succeed(["pull", "--quiet", reference]);
  await place.succeed(["push", "--quiet", "--sign-key", KEY, reference], PASSWORD_OF_KEY);
  assert.equal(await place.succeed(["run", "--verify-key", PUB, reference]), `${LINE}\n`);
});
