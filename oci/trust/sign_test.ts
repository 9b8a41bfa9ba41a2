import assert from "node:assert/strict";
import {
  cosignBytes,
  cosignKey,
  cosignPrivateKey,
  signedRepository,
  TOOL,
} from "../../tests/support/cosign_data.ts";
import { MemoryContent } from "../../tests/support/memory_content.ts";
import { digestOf } from "../digest.ts";
import { OCI_MANIFEST } from "../media_types.ts";
import { signArtifact } from "./sign.ts";
import { repositorySignatures, signatureTag } from "./signatures.ts";
import { makePayload } from "./simple_signing.ts";
import { verifySignatures } from "./verify.ts";

const reference = (repository: string) => ({ registry: "localhost:5000", repository });
const SUBJECT = {
  mediaType: OCI_MANIFEST,
  digest: TOOL,
  size: cosignBytes("tool.manifest.json").length,
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("makePayload() equals cosign's payload byte by byte", () => {
  const made = makePayload(reference("test/p256-tag"), TOOL);
  assert.equal(text(made), text(cosignBytes("p256-tag.payload.json")));
});

/** Signs next to a bundle of cosign 3, and returns the documents in the repository. */
async function sign(name: string, as: string): Promise<Record<string, string>> {
  const repository = signedRepository("p256-attestation");
  const key = await cosignPrivateKey(name);
  await signArtifact(repository, { reference: reference(as), subject: SUBJECT, key });
  const content = (digest: string) => text(repository.blobs.get(digest) ?? new Uint8Array());
  const tagged = content((await repository.resolve(signatureTag(TOOL) ?? "")).digest);
  const [_, referrer, ...others] = await repository.referrers(TOOL);
  assert.ok(referrer && others.length === 0);
  assert.equal(referrer.artifactType, "application/vnd.dev.sigstore.bundle.v0.3+json");
  const bundled = content(referrer.digest);
  return {
    tagged,
    config: content(JSON.parse(tagged).config.digest),
    payload: content(JSON.parse(tagged).layers[0].digest),
    bundled,
    bundle: content(JSON.parse(bundled).layers[0].digest),
  };
}

Deno.test("signArtifact() pushes the same as cosign when keys sign twice", async () => {
  const { tagged = "", bundle = "" } = await sign("rsa", "test/rsa-tag");
  const theirs = JSON.parse(text(cosignBytes("rsa-tag.manifest.json")));
  assert.deepEqual(JSON.parse(tagged).layers, theirs.layers);
  assert.equal(JSON.parse(tagged).config.mediaType, theirs.config.mediaType);
  // cosign sorts the members of signed documents in a bundle by name.
  const [ours, signed] = [bundle, text(cosignBytes("rsa-bundle.bundle.json"))].map((one) => {
    const { verificationMaterial, dsseEnvelope, mediaType } = JSON.parse(one);
    const statement = JSON.parse(atob(dsseEnvelope.payload));
    return { verificationMaterial, mediaType, statement, type: dsseEnvelope.payloadType };
  });
  assert.deepEqual(ours, signed);
});

for (const name of ["rsa", "ed25519"]) {
  Deno.test(`signArtifact() writes to the byte what cosign accepted of it, with ${name}.key`, async () => {
    const made = await sign(name, `test/ours-${name}`);
    const files = {
      tagged: "manifest",
      config: "config",
      payload: "payload",
      bundled: "referrer",
      bundle: "bundle",
    };
    for (const [part, file] of Object.entries(files)) {
      assert.equal(made[part], text(cosignBytes(`ours-${name}.${file}.json`)), part);
    }
  });
}

Deno.test("signArtifact() signs a manifest once per key", async () => {
  const repository = signedRepository("p256-attestation");
  const key = await cosignPrivateKey("p256");
  const options = { reference: reference("test/tool"), subject: SUBJECT, key };
  await signArtifact(repository, options);
  const before = [...repository.blobs.keys()];
  await signArtifact(repository, options);
  assert.deepEqual([...repository.blobs.keys()], before);
});

Deno.test("signArtifact() creates no first bundle, which cosign 2 needs a trusted root for", async () => {
  const repository = new MemoryContent();
  const key = await cosignPrivateKey("p256");
  await signArtifact(repository, { reference: reference("test/tool"), subject: SUBJECT, key });
  assert.deepEqual(await repository.referrers(TOOL), []);
});

Deno.test("signArtifact() adds to existing signatures", async () => {
  const repository = new MemoryContent();
  for (const name of ["p256", "ed25519", "p384"]) {
    await signArtifact(repository, {
      reference: reference("test/tool"),
      subject: SUBJECT,
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

Deno.test("signArtifact() refuses a digest without a signature tag", async () => {
  const digest = digestOf(new Uint8Array(), "sha512");
  const options = {
    reference: reference("test/tool"),
    subject: { ...SUBJECT, digest },
    key: await cosignPrivateKey("p256"),
  };
  await assert.rejects(signArtifact(new MemoryContent(), options), { code: "UNSUPPORTED" });
});
