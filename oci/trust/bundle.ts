/**
 * Signatures in the format of cosign 3: a Sigstore bundle with a DSSE envelope with an in-toto statement.
 *
 * After sigstore/protobuf-specs (`sigstore_bundle.proto`), secure-systems-lab/dsse (`protocol.md`) and
 * in-toto/attestation (`spec/v1/statement.md`).
 */
import { Buffer } from "node:buffer";
import { type Digest, splitDigest } from "../digest.ts";
import { ArtifactError } from "../errors.ts";
import { ambiguityIn, checkSpelling, type JsonObject, readJson } from "../json.ts";
import type { PrivateKey } from "./private_key.ts";

/** Maximum size; bundles have some 700 bytes, and some 10,000 with certificates and a log's proof. */
export const MAX_BUNDLE_BYTES = 512 * 1024;
const MAX_ENVELOPE_SIGNATURES = 16;

/** Media type of created bundles. */
export const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle\.v0\.\d{1,3}(?:\.\d{1,3})?\+json$/;
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPES = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];

/** Predicate type of signatures, unlike attestations about builds or vulnerabilities. */
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

const LIMITS = { bytes: MAX_BUNDLE_BYTES, depth: 32, members: 20_000 };

/** Reports whether a media type is that of a bundle. */
export function isBundleType(mediaType: string): boolean {
  return BUNDLE_TYPE.test(mediaType);
}

/** DSSE envelope: signed bytes and signatures. */
export interface Envelope {
  /** In-toto statement. */
  readonly payload: Uint8Array;
  /** Signed bytes: the payload with its type and lengths (DSSE's PAE). */
  readonly signed: Uint8Array;
  /** Signatures; one valid signature is sufficient. */
  readonly signatures: readonly Uint8Array[];
}

/**
 * Parses a bundle. Verifies nothing.
 *
 * @throws {ArtifactError} for an invalid bundle, or one without a signed statement
 */
export function readBundle(bytes: Uint8Array): Envelope {
  const what = "the signature bundle";
  const options = { what, code: "BAD_MANIFEST", limits: LIMITS, objection: ambiguityIn };
  const json = readJson(bytes, options);
  const envelope = json.requiredObject("dsseEnvelope");
  const type = envelope.requiredString("payloadType");
  if (type !== PAYLOAD_TYPE) throw envelope.error("payloadType", `is not ${PAYLOAD_TYPE}`);
  const payload = base64(envelope, "payload");
  const signatures = envelope.objects("signatures") ?? [];
  if (signatures.length > MAX_ENVELOPE_SIGNATURES) {
    throw envelope.error("signatures", `has more than ${MAX_ENVELOPE_SIGNATURES} elements`);
  }
  return {
    payload,
    signed: preAuthenticationEncoding(payload),
    signatures: signatures.map((signature) => base64(signature, "sig")),
  };
}

/**
 * Returns the signed digests of a statement. Verify its signature first.
 *
 * @throws {ArtifactError} for an invalid statement, or one of another predicate type
 */
export function signedDigests(payload: Uint8Array): string[] {
  const what = "the signed statement";
  const options = { what, code: "BAD_MANIFEST", limits: LIMITS, objection: ambiguityIn };
  const json = readJson(payload, options);
  checkSpelling(json, ["_type", "subject", "predicateType", "predicate"]);
  if (!STATEMENT_TYPES.includes(json.requiredString("_type"))) {
    throw json.error("_type", "is not in-toto's");
  }
  const predicate = json.requiredString("predicateType");
  if (predicate !== SIGN_PREDICATE) {
    throw json.error("predicateType", `is not ${SIGN_PREDICATE}: it is an attestation`);
  }
  return (json.objects("subject") ?? []).flatMap((subject) =>
    [...subject.texts("digest")].map(([algorithm, hex]) => `${algorithm}:${hex}`)
  );
}

/** Creates a bundle that signs a manifest, with the members that cosign writes. */
export function makeBundle(key: PrivateKey, digest: Digest): Uint8Array<ArrayBuffer> {
  const { algorithm, hex } = splitDigest(digest);
  const payload = Buffer.from(JSON.stringify({
    _type: STATEMENT_TYPES[0],
    subject: [{ digest: { [algorithm]: hex }, annotations: {} }],
    predicateType: SIGN_PREDICATE,
    predicate: {},
  }));
  const sig = key.sign(preAuthenticationEncoding(payload)).toBase64();
  return new TextEncoder().encode(JSON.stringify({
    mediaType: BUNDLE,
    verificationMaterial: { publicKey: { hint: key.publicKey.fingerprint } },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig }],
    },
  }));
}

/** Returns DSSE's signed bytes: the payload with its type. */
function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  const start = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  return Buffer.concat([Buffer.from(start), payload]);
}

function base64(json: JsonObject, member: string): Uint8Array {
  const text = json.requiredString(member);
  try {
    return Uint8Array.fromBase64(text);
  } catch (cause) {
    if (cause instanceof ArtifactError) throw cause;
    throw json.error(member, "is not base64");
  }
}
