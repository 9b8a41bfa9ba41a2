import assert from "node:assert/strict";
import { cosignBytes, cosignKey, cosignPrivateKey, TOOL } from "../../tests/support/cosign_data.ts";
import { MemoryContent } from "../../tests/support/memory_content.ts";
import { digestOf } from "../digest.ts";
import { signArtifact } from "./sign.ts";
import { repositorySignatures, signatureTag } from "./signatures.ts";
import { makePayload } from "./simple_signing.ts";
import { verifySignatures } from "./verify.ts";

const reference = (repository: string) => ({ registry: "localhost:5000", repository });
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("makePayload() writes what cosign writes, to the byte", () => {
  const made = makePayload(reference("test/p256-tag"), TOOL);
  assert.equal(text(made), text(cosignBytes("p256-tag.payload.json")));
});

Deno.test("signArtifact() leaves the manifest that cosign leaves, where keys sign the same twice", async () => {
  const repository = new MemoryContent();
  const key = await cosignPrivateKey("rsa");
  const made = await signArtifact(repository, {
    reference: reference("test/rsa-tag"),
    digest: TOOL,
    key,
  });
  const bytes = repository.blobs.get(made.digest) ?? new Uint8Array();
  const [ours, theirs] = [bytes, cosignBytes("rsa-tag.manifest.json")].map((one) =>
    JSON.parse(text(one))
  );
  assert.deepEqual(ours.layers, theirs.layers);
  assert.equal(ours.config.mediaType, theirs.config.mediaType);
  assert.deepEqual(await repository.resolve(signatureTag(TOOL) ?? ""), made);
});

for (const name of ["rsa", "ed25519"]) {
  Deno.test(`signArtifact() writes to the byte what cosign accepted of it, with ${name}.key`, async () => {
    const repository = new MemoryContent();
    const options = {
      reference: reference(`test/ours-${name}`),
      digest: TOOL,
      key: await cosignPrivateKey(name),
    };
    const made = await signArtifact(repository, options);
    const bytes = repository.blobs.get(made.digest) ?? new Uint8Array();
    assert.equal(text(bytes), text(cosignBytes(`ours-${name}.manifest.json`)));
    for (const part of ["config", "payload"]) {
      const digest = digestOf(cosignBytes(`ours-${name}.${part}.json`));
      assert.ok(repository.blobs.has(digest), part);
    }
  });
}

Deno.test("signArtifact() adds to the signatures that are there", async () => {
  const repository = new MemoryContent();
  for (const name of ["p256", "ed25519", "p384"]) {
    await signArtifact(repository, {
      reference: reference("test/tool"),
      digest: TOOL,
      key: await cosignPrivateKey(name),
    });
  }
  const requirements = ["p256", "ed25519", "p384"].map((name) => ({
    source: name,
    keys: [cosignKey(name)],
  }));
  const source = repositorySignatures(repository);
  const verdicts = await verifySignatures({ what: "tool", digests: [TOOL], requirements, source });
  assert.equal(verdicts.length, 3);
});

Deno.test("signArtifact() refuses a digest that cosign has no tag for", async () => {
  const digest = digestOf(new Uint8Array(), "sha512");
  const options = {
    reference: reference("test/tool"),
    digest,
    key: await cosignPrivateKey("p256"),
  };
  await assert.rejects(signArtifact(new MemoryContent(), options), { code: "UNSUPPORTED" });
});
