/** Attempts to run unsigned content under a name that requires a signature; each must fail. */
import assert from "node:assert/strict";
import { Registry, signArtifact } from "../../oci/mod.ts";
import { putBytes, putManifest } from "../support/artifacts.ts";
import { runCli } from "../support/cli.ts";
import { cosignFile, cosignPrivateKey, PASSWORD } from "../support/cosign_data.ts";
import { TestFolder } from "../support/folder.ts";
import { privateRoot } from "../support/mounts.ts";
import { Place, speaking } from "../support/place.ts";
import { Random } from "../support/random.ts";
import { TestRegistry } from "../support/registry.ts";
import { succeed } from "../support/actor.ts";

const KEY = cosignFile("p256.key");
const PUB = cosignFile("p256.pub");
const GOOD = "signed";
const EVIL = "not signed";

const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

async function push(place: Place, reference: string, text: string): Promise<string> {
  const file = await place.write(`${text}.wasm`, speaking(text));
  const sign = text === GOOD ? ["--sign-key", KEY] : [];
  const words = ["push", "--json", ...sign, "--created", "2026-01-01T00:00:00Z", file, reference];
  return JSON.parse(await place.succeed(words, { env: { COSIGN_PASSWORD: PASSWORD } })).digest;
}

async function writePolicy(place: Place, references: unknown): Promise<void> {
  await place.write("config/wasm-bpf/policy.json", JSON.stringify({ references }));
}

Deno.test("run refuses a signature copied to another tag, digest or repository", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const name = (rest: string) => `${registry.host}/you/${rest}`;
  const digest = await push(place, name("tool:v1"), GOOD);
  const evil = await push(place, name("tool:evil"), EVIL);
  await push(place, name("other:v1"), EVIL);
  const run = (rest: string) =>
    place.run(["run", "--pull", "always", "--verify-key", PUB, name(rest)]);
  assert.equal((await run("tool:v1")).stdout, `${GOOD}\n`);
  const tag = (of: string) => `${of.replace(":", "-")}.sig`;
  const get = async (at: string) =>
    await (await registry.fetch(`/v2/you/tool/manifests/${at}`, {
      headers: { accept: MANIFEST },
    })).json();
  const signatures = await get(tag(digest));
  // The whole signature manifest at the tag of another digest, in the same and in another repository.
  await putManifest(registry, { repository: "you/tool", tag: tag(evil) }, signatures);
  assert.match((await run("tool:evil")).stderr, /signs other content/);
  for (const part of [signatures.config, ...signatures.layers]) {
    const blob = await registry.fetch(`/v2/you/tool/blobs/${part.digest}`);
    await putBytes(registry, "you/other", new Uint8Array(await blob.arrayBuffer()));
  }
  await putManifest(registry, { repository: "you/other", tag: tag(evil) }, signatures);
  assert.match((await run("other:v1")).stderr, /signs other content/);
  // As a referrer of the other manifest, with the layer that signs the first.
  const evilManifest = await get(evil);
  const subject = {
    mediaType: MANIFEST,
    digest: evil,
    size: Number((await registry.fetch(`/v2/you/tool/manifests/${evil}`, {
      method: "HEAD",
      headers: { accept: MANIFEST },
    })).headers.get("content-length")),
  };
  const referrer = { ...signatures, artifactType: SIMPLE_SIGNING, subject };
  const repository = "you/tool";
  const put = await putManifest(registry, { repository, tag: "referrer" }, referrer);
  const { length: size } = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...referrer });
  const listed = [{ mediaType: MANIFEST, digest: put, size, artifactType: SIMPLE_SIGNING }];
  // The referrers tag, since this registry lacks the API.
  await putManifest(registry, { repository, tag: evil.replace(":", "-") }, {
    mediaType: INDEX,
    manifests: listed.map(({ artifactType: _, ...one }) => one),
  });
  const referred = await run("tool:evil");
  assert.match(referred.stderr, /signs other content/);
  assert.match(referred.stderr, new RegExp(`${put}, layer 1: signs other content`));
  // The signed manifest as the signature of the other, and the other's layers among its own.
  await putManifest(registry, { repository, tag: tag(evil) }, {
    ...signatures,
    layers: [...evilManifest.layers, ...signatures.layers],
  });
  const mixed = await run("tool:evil");
  assert.deepEqual([mixed.code, mixed.stdout], [1, ""]);
  assert.equal((await run("tool:v1")).stdout, `${GOOD}\n`);
});

Deno.test("a signed index covers only its own manifests", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const name = (rest: string) => `${registry.host}/you/tool${rest}`;
  const evil = await push(place, name(":evil"), EVIL);
  const good = await push(place, name(":good"), GOOD);
  using remote = new Registry(registry.host);
  const repository = remote.repository("you/tool");
  const index = async (tag: string, digest: string, more: object = {}) => {
    const manifests = [{
      ...await repository.resolve(digest),
      platform: { os: "wasi", architecture: "wasm" },
    }];
    await putManifest(registry, { repository: "you/tool", tag }, {
      mediaType: INDEX,
      manifests,
      ...more,
    });
    return await repository.resolve(tag);
  };
  const subject = await index("signed", evil);
  const key = await cosignPrivateKey("p256");
  const reference = { registry: registry.host, repository: "you/tool" };
  await signArtifact(repository, { reference, subject, key });
  const run = (rest: string, ...more: string[]) =>
    place.run(["run", "--verify-key", PUB, ...more, name(rest)]);
  assert.equal((await run(":signed")).stdout, `${EVIL}\n`);
  // The child by its own name, after the index was pulled.
  const apart = await run(":evil");
  assert.match(apart.stderr, /it is not signed/, apart.stdout);
  assert.match((await run(":evil", "--pull", "never")).stderr, /not in the/);
  assert.match((await run(`@${evil}`, "--pull", "always")).stderr, /it is not signed/);
  // The store has it as part of the signed index, whose signature covers its digest.
  assert.equal((await run(`@${evil}`)).stdout, `${EVIL}\n`);
  await place.succeed(["tag", name(":signed"), name(":copy")]);
  assert.equal((await run(":copy", "--pull", "never")).stdout, `${EVIL}\n`);
  // Indexes that name the signed one, but do not belong to it.
  await index("mentions", evil, {
    annotations: { "org.opencontainers.image.base.digest": subject.digest },
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  });
  assert.match((await run(":mentions", "--pull", "always")).stderr, /not signed|no signature/);
  // An unsigned index with a signed manifest in it.
  await index("unsigned", good);
  assert.equal((await run(":unsigned")).stdout, `${GOOD}\n`);
});

Deno.test("no order of pull, tag, rm and run makes a verified name unsigned", async () => {
  await using registry = await TestRegistry.start();
  await using place = await Place.create();
  const name = (rest: string) => `${registry.host}/you/tool${rest}`;
  const tags = [":v1", ":v2"];
  const digests: Record<string, string> = {
    [GOOD]: await push(place, name(":good"), GOOD),
    [EVIL]: await push(place, name(":evil"), EVIL),
  };
  await writePolicy(place, { "*": { keys: [PUB] } });
  // Another user of the same store, or the same one before the policy existed.
  const before = { env: { XDG_CONFIG_HOME: `${place.folder}/without` } };
  const random = new Random(20261129);
  const pick = <T>(list: readonly T[]) => random.pick(list);
  const any = () =>
    pick([...tags, ":good", ":evil", ...Object.values(digests).map((d) => `@${d}`)]);
  const done: string[] = [];
  let good = 0;
  for (let round = 0; round < 30; round++) {
    const [target, source] = [name(pick(tags)), name(any())];
    const words = pick([
      ["pull", "-q", source],
      ["tag", source, target],
      ["rm", "-q", target],
      ["rm", "-q", "--keep", source],
      ["prune"],
      ["push", "retag"],
    ]);
    done.push(words.join(" "));
    if (words[0] === "push") {
      const text = pick([GOOD, EVIL]);
      await push(place, name(pick(tags)), text);
    } else await place.run(words, pick([before, {}]));
    const wanted = name(any());
    const { stdout } = await place.run([
      "run",
      "--pull",
      pick(["missing", "always", "never"]),
      wanted,
    ]);
    assert.doesNotMatch(stdout, new RegExp(EVIL), [...done, wanted].join("\n"));
    if (stdout === `${GOOD}\n`) good++;
  }
  assert.ok(good > 2, `${good}`);
});

Deno.test({
  name: "neither HOME nor XDG_CONFIG_HOME hides the policy in root's home folder",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using registry = await TestRegistry.start();
    await using place = await Place.create();
    const reference = `${registry.host}/you/tool:v1`;
    await push(place, reference, EVIL);
    await writePolicy(place, { "*": "accept" });
    const root = `${place.folder}/root`;
    await place.write("root/.config/wasm-bpf/policy.json", '{"references":{"*":"reject"}}');
    await place.write("passwd", `root:x:0:0::${root}:/bin/sh\n`);
    await Deno.mkdir(`${place.folder}/empty`);
    await Deno.mkdir(`${place.folder}/theirs`);
    await Deno.chown(`${place.folder}/theirs`, 1234, 1234);
    const script = `mount --bind ${place.folder}/passwd /etc/passwd && exec "$@"`;
    const through = [...privateRoot(), script, "sh"];
    const homes = [
      "/nonexistent",
      `${place.folder}/empty`,
      `${place.folder}/theirs`,
      "relative",
      "",
    ];
    const configs = [`${place.folder}/config`, `${place.folder}/theirs`, "/nonexistent", ""];
    for (
      const [HOME, XDG_CONFIG_HOME] of [
        ...homes.map((home) => [home, configs[0]]),
        ...configs.map((config) => [homes[0], config]),
      ]
    ) {
      const env = { HOME: HOME ?? "", XDG_CONFIG_HOME: XDG_CONFIG_HOME ?? "" };
      const { code, stderr } = await place.run(["run", reference], { through, env });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /"\*" in \S*\/root\/\.config\/wasm-bpf\/policy\.json rejects it/);
    }
  },
});

Deno.test("endless files of keys, certificates and passwords are refused at once", async () => {
  using folder = new TestFolder();
  const fifo = folder.at("fifo");
  await succeed("mkfifo", fifo);
  const module = folder.at("tool.wasm");
  await Deno.writeFile(module, speaking(GOOD));
  const base = { HOME: folder.path, XDG_DATA_HOME: folder.at("data"), DOCKER_CONFIG: folder.path };
  // With 1 GiB above its initial memory, it cannot read any of them completely.
  const through = ["prlimit", "--cpu=20", "timeout", "30"];
  for (const path of ["/dev/zero", fifo]) {
    for (
      const words of [
        ["pull", "--verify-key", path, "127.0.0.1:1/x"],
        ["run", "--verify-key", path, "127.0.0.1:1/x"],
        ["pull", "--ca-file", path, "127.0.0.1:1/x"],
        ["push", "--sign-key", path, module, "127.0.0.1:1/x"],
      ]
    ) {
      const { code, stderr } = await runCli(words, { env: base, through });
      assert.equal(code, 1, `${words.join(" ")}\n${stderr}`);
      assert.match(stderr, /^error: .*: not a regular file\n/, words.join(" "));
    }
    const lists = folder.at("lists");
    await Deno.mkdir(lists);
    await Deno.symlink(path, `${lists}/list.pem`);
    for (const stores of ["mozilla", "system,mozilla"]) {
      for (
        const [variable, value] of [
          ["SSL_CERT_FILE", path] as const,
          ["DENO_CERT", path] as const,
          ["SSL_CERT_DIR", lists] as const,
        ]
      ) {
        const { code, stderr } = await runCli(["pull", "127.0.0.1:1/x"], {
          env: { ...base, DENO_TLS_CA_STORE: stores, [variable]: value },
          through,
        });
        assert.equal(code, 1, `${variable} ${stores}\n${stderr}`);
        assert.match(stderr, /^error: Cannot use the certificates in .*: not a regular file\n/);
      }
    }
    await Deno.remove(lists, { recursive: true });
    const config = folder.at("config.json");
    await Deno.symlink(path, config);
    const credentials = await runCli(["logout", "127.0.0.1:1"], { env: base, through });
    await Deno.remove(config);
    assert.match(
      credentials.stderr,
      /^error: Cannot use the credentials in .*: not a regular file/,
    );
  }
  for (
    const [words, error] of [
      [["login", "-u", "x", "--password-stdin", "127.0.0.1:1"], /longer than 64 KiB/],
      [["run", "-"], /not a WebAssembly module/],
      [["inspect", "-"], /not a WebAssembly module/],
      [["push", "-", "127.0.0.1:1/x"], /not a WebAssembly module/],
      [["run", "/dev/zero"], /not a WebAssembly module/],
      [["inspect", "/dev/zero"], /not a WebAssembly module/],
      [["push", "/dev/zero", "127.0.0.1:1/x"], /not a WebAssembly module/],
    ] as const
  ) {
    const stdin = ["sh", "-c", 'exec "$0" "$@" </dev/zero'];
    const options = { env: base, through: [...through, ...stdin] };
    const { code, stderr } = await runCli([...words], options);
    assert.equal(code, 1, stderr);
    assert.match(stderr, error);
  }
});
