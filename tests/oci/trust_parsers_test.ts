/** Generated input for the parsers of signatures, keys and policies. */
import assert from "node:assert/strict";
import { HostError } from "../../ffi/errors.ts";
import { parseReference } from "../../oci/reference.ts";
import { readBundle, signedDigests } from "../../oci/trust/bundle.ts";
import { Policy } from "../../oci/trust/policy.ts";
import { PrivateKey } from "../../oci/trust/private_key.ts";
import { PublicKey } from "../../oci/trust/public_key.ts";
import { repositorySignatures, signatureTag } from "../../oci/trust/signatures.ts";
import { signedDigest } from "../../oci/trust/simple_signing.ts";
import { verifySignatures } from "../../oci/trust/verify.ts";
import { cosignBytes, cosignKey, TOOL } from "../support/cosign_data.ts";
import { MemoryContent } from "../support/memory_content.ts";
import { changed, survives } from "../support/generated.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";

const INPUTS = soakSize({ short: 4_000, whole: 100_000 });
const SLOW_INPUTS = soakSize({ short: 400, whole: 20_000 });

const encoder = new TextEncoder();
const POLICY = encoder.encode(
  '{"references":{"*":"reject","ghcr.io/you/*":{"keys":["a.pub","b.pub"]},"docker.io/x":"accept"}}',
);

const names = ["ghcr.io/you/tool", "alpine", "localhost:5000/x"].map((text) =>
  parseReference(text)
);
Deno.test(survives("Policy.parse()", [POLICY], (bytes) => {
  const policy = Policy.parse(bytes, "policy.json");
  for (const name of names) policy.ruleFor(name);
}));
Deno.test(survives("readBundle()", [cosignBytes("p256-bundle.bundle.json")], readBundle));
Deno.test(survives(
  "signedDigests()",
  [readBundle(cosignBytes("p256-bundle.bundle.json")).payload],
  signedDigests,
));
Deno.test(survives("signedDigest()", [cosignBytes("p256-annotated.payload.json")], signedDigest));
Deno.test(survives(
  "PublicKey.parse()",
  ["p256", "p384", "rsa", "ed25519"].map((name) => cosignBytes(`${name}.pub`)),
  (bytes) => PublicKey.parse(new TextDecoder().decode(bytes), "test.pub"),
));

Deno.test("PrivateKey.parse() survives generated input", async () => {
  const random = new Random(chooseSeed());
  // Intact keys would take half a second each: their cost is changed.
  const text = new TextDecoder().decode(cosignBytes("p256.key"));
  const [start = "", ...lines] = text.trimEnd().split("\n");
  const json = encoder.encode(atob(lines.slice(0, -1).join("")).replace("65536", "1"));
  for (let count = 0; count < INPUTS; count++) {
    const body = btoa(String.fromCharCode(...changed(json, random)));
    const pem = `${start}\n${body}\n${lines.at(-1)}\n`;
    const refused = PrivateKey.parse(pem, { name: "test.key", password: "x" });
    await assert.rejects(refused, HostError);
  }
});

Deno.test("verifySignatures() refuses a payload with a changed byte", async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  for (let count = 0; count < SLOW_INPUTS; count++) {
    const name = random.pick(["p256", "rsa"]);
    const original = cosignBytes(`${name}-tag.payload.json`);
    const input = changed(original, random);
    const verdict = verifySignatures({
      what: "test",
      digests: [TOOL],
      requirements: [{ source: "test", keys: [cosignKey(name)] }],
      source: repositorySignatures(withPayload(name, input)),
    });
    const isSame = input.length === original.length &&
      input.every((byte, index) => byte === original[index]);
    if (isSame) await verdict;
    else await assert.rejects(verdict, { code: "BAD_SIGNATURE" }, `SEED=${seed}, ${count}`);
  }
});

/** Returns the signature of a case over another payload, with correct digests. */
function withPayload(name: string, payload: Uint8Array<ArrayBuffer>): MemoryContent {
  const repository = new MemoryContent();
  const { digest, size } = repository.put(payload);
  const text = new TextDecoder().decode(cosignBytes(`${name}-tag.manifest.json`));
  const manifest = JSON.parse(text);
  Object.assign(manifest.layers[0], { digest, size });
  const signed = repository.put(encoder.encode(JSON.stringify(manifest)));
  repository.names.set(signatureTag(TOOL) ?? "", signed);
  return repository;
}
