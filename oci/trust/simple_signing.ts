/**
 * What a signature of the tag form is made over: a "simple signing" payload, with cosign's own type.
 *
 * After cosign's `specs/SIGNATURE_SPEC.md` and containers/image's `docs/containers-signature.5.md`.
 */
import type { Digest } from "../digest.ts";
import { readJson } from "../json.ts";
import { formatReference, type Reference } from "../reference.ts";
import { ambiguityIn, checkSpelling } from "./certain_json.ts";

/** Media type of the layer that is such a payload. */
export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
/** Annotation of that layer: the signature over the payload, base64. */
export const SIGNATURE = "dev.cosignproject.cosign/signature";

/** Payloads have some 250 bytes, and a few more for each thing that the signer added. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

const TYPE = "cosign container image signature";
const LIMITS = { bytes: MAX_PAYLOAD_BYTES, depth: 16, members: 4096 };

/** The payload for a manifest in a repository, in the bytes that cosign would write. */
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
 * The digest of the manifest that a payload is about. Ask only once its signature has been verified.
 *
 * `docker-reference` is not compared with where the manifest came from: cosign does not either, so
 * that signatures hold in mirrors, and the digest says which bytes are meant.
 *
 * @throws {ArtifactError} when it is none
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
