import assert from "node:assert/strict";
import {
  addSignatures,
  cosignBytes,
  cosignKey,
  cosignPrivateKey,
  signedRepository,
  TOOL,
} from "../../tests/support/cosign_data.ts";
import { MemoryContent } from "../../tests/support/memory_content.ts";
import { type Digest, digestOf } from "../digest.ts";
import { ArtifactError } from "../errors.ts";
import { PublicKey } from "./public_key.ts";
import { repositorySignatures, signatureTag } from "./signatures.ts";
import { SIGNATURE, SIMPLE_SIGNING } from "./simple_signing.ts";
import { type Requirement, type Verdict, verifySignatures } from "./verify.ts";

const OTHER = digestOf(new TextEncoder().encode("another manifest"));

const wants = (...keys: PublicKey[]): Requirement => ({ source: "--verify-key test.pub", keys });

function verify(
  repository: MemoryContent,
  keys: PublicKey[],
  digests: readonly Digest[] = [TOOL],
): Promise<Verdict[]> {
  const source = repositorySignatures(repository);
  return verifySignatures({ what: "test/tool", digests, requirements: [wants(...keys)], source });
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

/** Returns the parts of a case, changed by `edit`, with recomputed digests. */
function forged(
  name: string,
  edit: (parts: { manifest: Manifest; payload: string }) => void,
): MemoryContent {
  const form = name.endsWith("-bundle") ? "bundle" : "payload";
  const parts = {
    manifest: decode(cosignBytes(`${name}.manifest.json`)) as Manifest,
    payload: new TextDecoder().decode(cosignBytes(`${name}.${form}.json`)),
  };
  edit(parts);
  const repository = new MemoryContent();
  const { digest, size } = repository.put(new TextEncoder().encode(parts.payload));
  for (const layer of parts.manifest.layers) Object.assign(layer, { digest, size });
  const manifest = repository.put(encode(parts.manifest));
  if (form === "bundle") repository.about.set(TOOL, [manifest]);
  else repository.names.set(signatureTag(TOOL) ?? "", manifest);
  return repository;
}

interface Manifest {
  layers: { mediaType: string; annotations?: Record<string, string> }[];
}

const CASES = {
  "p256-tag": "p256",
  "p256-annotated": "p256",
  "p256-bundle": "p256",
  "p256-referrer": "p256",
  "p384-tag": "p384",
  "rsa-tag": "rsa",
  "rsa-bundle": "rsa",
  "ed25519-tag": "ed25519",
  "ed25519-bundle": "ed25519",
  "two-keys": "p256",
  "ours-p384": "p384",
  "ours-rsa": "rsa",
  "ours-ed25519": "ed25519",
};

for (const [name, key] of Object.entries(CASES)) {
  Deno.test(`verifySignatures() takes what cosign wrote: ${name}`, async () => {
    const [verdict] = await verify(signedRepository(name), [cosignKey(key)]);
    assert.equal(verdict?.digest, TOOL);
    assert.equal(verdict?.key.name, `${key}.pub`);
  });

  Deno.test(`verifySignatures() refuses the keys that did not make ${name}`, async () => {
    const others = ["p256", "p384", "rsa", "ed25519"].filter((other) =>
      other !== key && !(name === "two-keys" && other === "rsa")
    );
    const refused = verify(signedRepository(name), others.map(cosignKey));
    await assert.rejects(refused, { name: "TrustError", code: "BAD_SIGNATURE" });
  });

  Deno.test(`verifySignatures() refuses another manifest with the signature of ${name}`, async () => {
    const repository = signedRepository(name);
    const there = repository.names.get(signatureTag(TOOL) ?? "");
    if (there !== undefined) repository.names.set(signatureTag(OTHER) ?? "", there);
    repository.about.set(OTHER, repository.about.get(TOOL) ?? []);
    await assert.rejects(verify(repository, [cosignKey(key)], [OTHER]), (error) => {
      assert.ok(error instanceof Error && "detail" in error && "code" in error);
      assert.equal(error.code, "BAD_SIGNATURE");
      assert.match(String(error.detail), new RegExp(`signs other content: ${TOOL}`));
      return true;
    });
  });
}

Deno.test("verifySignatures() accepts the signature of an index for its manifest", async () => {
  const [verdict] = await verify(signedRepository("p256-tag"), [cosignKey("p256")], [OTHER, TOOL]);
  assert.equal(verdict?.digest, TOOL);
});

Deno.test("verifySignatures() throws NOT_SIGNED without signatures", async () => {
  await assert.rejects(verify(new MemoryContent(), [cosignKey("p256")]), { code: "NOT_SIGNED" });
});

Deno.test("verifySignatures() requires every requirement", async () => {
  const source = repositorySignatures(signedRepository("two-keys"));
  const [p256, rsa, ed25519] = ["p256", "rsa", "ed25519"].map((name) => wants(cosignKey(name)));
  assert.ok(p256 && rsa && ed25519);
  const ask = (requirements: Requirement[]) =>
    verifySignatures({ what: "test/tool", digests: [TOOL], requirements, source });
  const verdicts = await ask([p256, rsa]);
  assert.deepEqual(verdicts.map(({ key }) => key.name), ["p256.pub", "rsa.pub"]);
  await assert.rejects(ask([p256, ed25519]), { code: "BAD_SIGNATURE" });
  assert.deepEqual(await ask([]), []);
});

Deno.test("verifySignatures() refuses attestations", async () => {
  const refused = verify(signedRepository("p256-attestation"), [cosignKey("p256")]);
  await assert.rejects(refused, (error) => {
    assert.match(String((error as { detail?: string }).detail), /it is an attestation/);
    return true;
  });
});

Deno.test("verifySignatures() refuses other documents signed by the key", async () => {
  const key = await cosignPrivateKey("p256");
  const good = JSON.parse(new TextDecoder().decode(cosignBytes("p256-tag.payload.json")));
  const { critical } = good;
  const payloads = [
    { critical: { ...critical, type: "atomic container signature" } },
    { critical: { ...critical, type: undefined } },
    { critical: { ...critical, image: undefined } },
    { critical: { ...critical, identity: {} } },
    { optional: good.critical },
    "text",
    null,
  ];
  for (const [payload, isGood] of [[good, true], ...payloads.map((one) => [one, false])]) {
    const repository = forged("p256-tag", (parts) => {
      parts.payload = JSON.stringify(payload);
      const signature = key.sign(new TextEncoder().encode(parts.payload)).toBase64();
      for (const { annotations } of parts.manifest.layers) {
        if (annotations !== undefined) annotations[SIGNATURE] = signature;
      }
    });
    const verdict = verify(repository, [cosignKey("p256")]);
    if (isGood) await verdict;
    else await assert.rejects(verdict, { code: "BAD_SIGNATURE" }, JSON.stringify(payload));
  }
});

/** Returns the case of a payload with the given bytes, signed by the key. */
async function signedBytes(name: "p256-tag" | "p256-bundle", bytes: Uint8Array<ArrayBuffer>) {
  const key = await cosignPrivateKey("p256");
  const repository = new MemoryContent();
  const manifest = decode(cosignBytes(`${name}.manifest.json`)) as Manifest;
  let content = bytes;
  if (name === "p256-bundle") {
    const type = "application/vnd.in-toto+json";
    const start = new TextEncoder().encode(`DSSEv1 ${type.length} ${type} ${bytes.length} `);
    const sig = key.sign(Uint8Array.from([...start, ...bytes])).toBase64();
    const bundle = decode(cosignBytes("p256-bundle.bundle.json"));
    bundle.dsseEnvelope = { payload: bytes.toBase64(), payloadType: type, signatures: [{ sig }] };
    content = encode(bundle);
  }
  const { digest, size } = repository.put(content);
  for (const layer of manifest.layers) {
    Object.assign(layer, { digest, size });
    if (layer.annotations) layer.annotations[SIGNATURE] = key.sign(bytes).toBase64();
  }
  const found = repository.put(encode(manifest));
  if (name === "p256-bundle") repository.about.set(TOOL, [found]);
  else repository.names.set(signatureTag(TOOL) ?? "", found);
  return repository;
}

const payloadText = () => new TextDecoder().decode(cosignBytes("p256-tag.payload.json"));
const statementText = () => {
  const { dsseEnvelope } = decode(cosignBytes("p256-bundle.bundle.json"));
  return new TextDecoder().decode(Uint8Array.fromBase64(dsseEnvelope.payload));
};

Deno.test("verifySignatures() refuses ambiguous signed payloads", async () => {
  const text = payloadText();
  const image = /"image":\{[^}]*\}/.exec(text)?.[0] ?? "";
  const other = image.replace(TOOL, OTHER);
  const cases: Record<string, string> = {
    "a byte order mark": `\ufeff${text}`,
    "text after it": `${text}x`,
    "a second document": `${text}${text}`,
    "critical twice": text.replace(/^\{/, `{"critical":null,`),
    "critical twice, escaped": text.replace(/^\{/, `{"\\u0063ritical":{${other}},`),
    "image twice": text.replace(image, `${other},${image}`),
    "the digest twice": text.replace(`"docker-manifest-digest"`, `"docker-manifest-digest":"x",$&`),
    "critical in capitals": text.replace(/^\{/, `{"CRITICAL":{${other}},`),
    "image with a capital": text.replace(image, `${image},${other.replace("image", "Image")}`),
    "a long s": text.replace(`"docker-manifest-digest"`, `"docker-manife\u017ft-digest":"x",$&`),
    "repeated far below": text.replace(/^\{/, `{"x":[[{"a":[{"b":1,"\\u0062":1}]}]],`),
    "half of a surrogate pair": text.replace(/^\{/, `{"x":"\\ud800",`),
    "such a name": text.replace(/^\{/, `{"\\udfff":1,`),
    "a huge number": text.replace(/^\{/, `{"x":1e999,`),
    "a huge negative number": text.replace(/^\{/, `{"x":-${"9".repeat(400)},`),
  };
  for (const [what, changed] of Object.entries(cases)) {
    assert.notEqual(changed, text, what);
    const repository = await signedBytes("p256-tag", new TextEncoder().encode(changed));
    const refused = verify(repository, [cosignKey("p256")]);
    await assert.rejects(refused, { code: "BAD_SIGNATURE" }, what);
  }
  const latin = new TextEncoder().encode(text.replace(/^\{/, `{"x":"?",`))
    .map((byte) => byte === 0x3f ? 0xff : byte);
  const broken = verify(await signedBytes("p256-tag", latin), [cosignKey("p256")]);
  await assert.rejects(broken, { code: "BAD_SIGNATURE" });
  for (const fine of [text, text.replace(/^\{/, `{"x":"\\ud83d\\ude00","y":1e9,"z":[{"y":1}],`)]) {
    const repository = await signedBytes("p256-tag", new TextEncoder().encode(fine));
    assert.equal((await verify(repository, [cosignKey("p256")])).length, 1);
  }
});

Deno.test("verifySignatures() refuses ambiguous signed statements", async () => {
  const text = statementText();
  const cases: Record<string, string> = {
    "a byte order mark": `\ufeff${text}`,
    "text after it": `${text}]`,
    "subject twice": text.replace(/^\{/, `{"subject":[],`),
    "subject twice, escaped": text.replace(/^\{/, `{"\\u0073ubject":[],`),
    "subject with a capital": text.replace(/^\{/, `{"Subject":[],`),
    "the digest twice": text.replace(/"sha256":/, `"sha256":"00","sha256":`),
  };
  for (const [what, changed] of Object.entries(cases)) {
    assert.notEqual(changed, text, what);
    const repository = await signedBytes("p256-bundle", new TextEncoder().encode(changed));
    const refused = verify(repository, [cosignKey("p256")]);
    await assert.rejects(refused, { code: "BAD_SIGNATURE" }, what);
  }
  const fine = await signedBytes("p256-bundle", new TextEncoder().encode(text));
  assert.equal((await verify(fine, [cosignKey("p256")])).length, 1);
});

Deno.test("verifySignatures() refuses a changed payload", async () => {
  const changes: [string, (text: string) => string][] = [
    ["p256-tag", (text) => text.replace("p256-tag", "p256-tug")],
    ["p256-tag", (text) => `${text} `],
    ["rsa-tag", (text) => text.replace('"optional":null', '"optional":{}')],
    ["ed25519-tag", (text) => text.replace("localhost", "localhose")],
    ["p256-bundle", (text) => text.replace(/"payload":"eyJ/, '"payload":"eyK')],
    ["p256-bundle", (text) => text.replace("in-toto+json", "in-toto+jsom")],
    ["ed25519-bundle", (text) => text.replace(/"sig":"./, '"sig":"A')],
  ];
  for (const [name, change] of changes) {
    const repository = forged(name, (parts) => parts.payload = change(parts.payload));
    const keys = [cosignKey(name.replace(/-\w+$/, ""))];
    await assert.rejects(verify(repository, keys), { code: "BAD_SIGNATURE" }, name);
  }
});

Deno.test("verifySignatures() refuses an unsigned payload with the digest", async () => {
  const repository = forged("p256-tag", (parts) => {
    parts.payload = parts.payload.replace(TOOL, OTHER);
  });
  repository.names.set(
    signatureTag(OTHER) ?? "",
    await repository.resolve(signatureTag(TOOL) ?? ""),
  );
  const refused = verify(repository, [cosignKey("p256")], [OTHER]);
  await assert.rejects(refused, { code: "BAD_SIGNATURE" });
});

Deno.test("verifySignatures() refuses invalid signatures", async () => {
  for (const text of ["", "AAAA", "=", "!", "MEUCIQ==", "A".repeat(2000)]) {
    for (const name of ["p256-tag", "rsa-tag", "ed25519-tag"]) {
      const repository = forged(name, ({ manifest: { layers: [layer] } }) => {
        if (layer?.annotations !== undefined) layer.annotations[SIGNATURE] = text;
      });
      const keys = [cosignKey(name.replace("-tag", ""))];
      await assert.rejects(verify(repository, keys), { code: "BAD_SIGNATURE" }, `${name} ${text}`);
    }
  }
  const without = forged("p256-tag", ({ manifest: { layers: [layer] } }) => {
    delete layer?.annotations;
  });
  await assert.rejects(verify(without, [cosignKey("p256")]), { code: "BAD_SIGNATURE" });
});

Deno.test("verifySignatures() refuses empty lists of signatures", async () => {
  const bundle = forged("p256-bundle", (parts) => {
    parts.payload = parts.payload.replace(/"signatures":\[.*?\]/, '"signatures":[]');
  });
  await assert.rejects(verify(bundle, [cosignKey("p256")]), { code: "BAD_SIGNATURE" });
  const tagged = forged("p256-tag", ({ manifest }) => manifest.layers = []);
  await assert.rejects(verify(tagged, [cosignKey("p256")]), { code: "NOT_SIGNED" });
});

Deno.test("verifySignatures() skips malformed documents", async () => {
  const odd = ["", "null", "[]", "{}", '{"dsseEnvelope":null}', '{"dsseEnvelope":{}}', "\xff"];
  const types = [
    SIMPLE_SIGNING,
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.oci.image.layer.v1.tar",
  ];
  const repository = new MemoryContent();
  const junk = odd.map((text) => repository.put(new TextEncoder().encode(text)));
  for (const text of odd) {
    for (const mediaType of types) {
      const layer = { ...repository.put(new TextEncoder().encode(text)), mediaType };
      const layers = [{ ...layer, annotations: { [SIGNATURE]: "AAAA" } }];
      junk.push(repository.put(encode({ schemaVersion: 2, config: layer, layers })));
    }
  }
  repository.about.set(TOOL, junk);
  const refused = verify(repository, [cosignKey("p256")]);
  await assert.rejects(refused, { code: "BAD_SIGNATURE" });
  repository.about.set(TOOL, junk.slice(0, 20));
  addSignatures(repository, "p256-bundle");
  assert.equal((await verify(repository, [cosignKey("p256")])).length, 1);
});

Deno.test("verifySignatures() reads no more signatures than its limit", async () => {
  const repository = forged("p256-tag", ({ manifest }) => {
    const [layer] = manifest.layers;
    if (layer !== undefined) manifest.layers = Array(5000).fill(layer);
  });
  await assert.rejects(verify(repository, [cosignKey("p384")]), { code: "BAD_SIGNATURE" });
  assert.ok(repository.fetched.length < 110, `${repository.fetched.length} fetched`);
});

Deno.test("verifySignatures() reads no more manifests than its limit", async () => {
  const repository = new MemoryContent();
  const empty = (index: number) =>
    repository.put(encode({ schemaVersion: 2, config: repository.put(encode(index)), layers: [] }));
  repository.about.set(TOOL, Array.from({ length: 5000 }, (_, index) => empty(index)));
  await assert.rejects(verify(repository, [cosignKey("p256")]), { code: "BAD_SIGNATURE" });
  assert.ok(repository.fetched.length < 40, `${repository.fetched.length} fetched`);
});

Deno.test("verifySignatures() does not read payloads and bundles beyond their limits", async () => {
  for (const [name, bytes] of [["p256-tag", 70_000], ["p256-bundle", 600_000]] as const) {
    const repository = forged(name, (parts) => parts.payload += " ".repeat(bytes));
    await assert.rejects(verify(repository, [cosignKey("p256")]), { code: "BAD_SIGNATURE" });
    assert.equal(repository.fetched.length, 1);
  }
});

Deno.test("verifySignatures() reports an unreachable registry as such", async () => {
  const cut = new ArtifactError("cut", { code: "CUT" });
  const repository = new MemoryContent();
  repository.referrers = () => Promise.reject(cut);
  await assert.rejects(verify(repository, [cosignKey("p256")]), { code: "CUT" });
  const signed = signedRepository("p256-tag");
  signed.fetch = () => Promise.reject(cut);
  await assert.rejects(verify(signed, [cosignKey("p256")]), { code: "CUT" });
});

Deno.test("verifySignatures() requests referrers only without a valid signature at the tag", async () => {
  const repository = signedRepository("p256-tag");
  let asked = 0;
  repository.referrers = () => Promise.resolve(Array(asked++));
  await verify(repository, [cosignKey("p256")]);
  assert.equal(asked, 0);
  await assert.rejects(verify(repository, [cosignKey("p384")]), { code: "BAD_SIGNATURE" });
  assert.equal(asked, 1);
});
