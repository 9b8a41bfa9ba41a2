/** Signatures and policies with the command line and a real registry. */
import assert from "node:assert/strict";
import { Registry, signArtifact } from "../../oci/mod.ts";
import { putManifest } from "../support/artifacts.ts";
import { cosignPrivateKey } from "../support/cosign_data.ts";
import { Place } from "../support/place.ts";
import { TestRegistry } from "../support/registry.ts";
import {
  assertRefused,
  damage,
  KEY,
  LINE,
  OTHER_MODULE,
  OTHER_PUB,
  path,
  PUB,
  push,
  writePolicy,
} from "../support/trusted_place.ts";

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
