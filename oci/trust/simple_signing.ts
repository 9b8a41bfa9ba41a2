/**
 * Signed payload of the tag format: "simple signing" with cosign's own type.
 *
 * After cosign's `specs/SIGNATURE_SPEC.md` and containers/image's `docs/containers-signature.5.md`.
 */
import type { Digest } from "../digest.ts";
import { ambiguityIn, checkSpelling, readJson } from "../json.ts";
import { formatReference, type Reference } from "../reference.ts";

/** Media type of the payload's layer. */
export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
/** Annotation of that layer with the signature over the payload, base64. */
export const SIGNATURE = "dev.cosignproject.cosign/signature";

/** Maximum size; payloads have some 250 bytes, and some more per annotation of the signer. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

const TYPE = "cosign container image signature";
const LIMITS = { bytes: MAX_PAYLOAD_BYTES, depth: 16, members: 4096 };

/** Returns the payload for a manifest in a repository, in the bytes that cosign would write. */
export function makePayload(
  reference: Pick<Reference, "registry" | "repository">,
  digest: Digest,
): Uint8Array<ArrayBuffer> {
  const { registry, repository } = reference;
  return new TextEncoder().encode(JSON.stringify({
    critical: {
      identity: { "docker-reference": formatReference({ registry, repository }) },
      image: { "docker-manifest-digest": digest },
      type: TYPE,
    },
    optional: null,
  }));
}

/**
 * Returns the digest of the signed manifest. Verify the payload's signature first.
 *
 * `docker-reference` is not compared with the source of the manifest, as in cosign: signatures stay valid
 * in mirrors, and the digest identifies the bytes.
 *
 * @throws {ArtifactError} for an invalid payload
 */
export function signedDigest(payload: Uint8Array): string {
  const what = "the signed payload";
  const options = { what, code: "BAD_MANIFEST", limits: LIMITS, objection: ambiguityIn };
  const json = readJson(payload, options);
  checkSpelling(json, ["critical", "optional"]);
  const critical = json.requiredObject("critical");
  checkSpelling(critical, ["identity", "image", "type"]);
  if (critical.string("type") !== TYPE) throw critical.error("type", `is not "${TYPE}"`);
  const identity = critical.requiredObject("identity");
  checkSpelling(identity, ["docker-reference"]);
  identity.requiredString("docker-reference");
  const image = critical.requiredObject("image");
  checkSpelling(image, ["docker-manifest-digest"]);
  return image.requiredString("docker-manifest-digest");
}
