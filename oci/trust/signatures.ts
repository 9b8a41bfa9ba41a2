/** Finds the signatures of a manifest, and reads manifests of signatures. */
import { Buffer } from "node:buffer";
import { type CallOptions, type Content, readContent, type Referrers } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, splitDigest } from "../digest.ts";
import { HostError } from "../errors.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { parseManifest } from "../manifest.ts";
import { OCI_EMPTY } from "../media_types.ts";
import { isBundleType, MAX_BUNDLE_BYTES, readBundle, signedDigests } from "./bundle.ts";
import type { PublicKey } from "./public_key.ts";
import { MAX_PAYLOAD_BYTES, SIGNATURE, signedDigest, SIMPLE_SIGNING } from "./simple_signing.ts";

/** Source of signatures: a repository or the local store. */
export interface SignatureSource extends Pick<Content, "fetch"> {
  /** Lists the manifests that may hold signatures of `digest`, the most likely first. */
  signaturesOf(digest: Digest, options?: CallOptions): AsyncIterable<Descriptor>;
}

/** Artifact type of the signatures of `cosign sign --registry-referrers-mode=oci-1-1`. */
const COSIGN_ARTIFACT = "application/vnd.dev.cosign.artifact.sig.v1+json";

/**
 * Returns cosign's tag for the signatures of a manifest; undefined for a digest too long for a tag.
 */
export function signatureTag(digest: Digest): string | undefined {
  const { algorithm, hex } = splitDigest(digest);
  return algorithm === "sha256" ? `${algorithm}-${hex}.sig` : undefined;
}

/** Returns the signatures in a repository: those at cosign's tag, then those among the referrers. */
export function repositorySignatures(
  repository: Pick<Content, "fetch" | "resolve"> & Referrers,
): SignatureSource {
  return {
    fetch: (descriptor, options) => repository.fetch(descriptor, options),
    async *signaturesOf(digest, options) {
      yield* await taggedSignatures(repository, digest, options);
      yield* await referringSignatures(repository, digest, options);
    },
  };
}

/** Returns the manifest at cosign's tag, if there is one. */
export async function taggedSignatures(
  repository: Pick<Content, "resolve">,
  digest: Digest,
  options?: CallOptions,
): Promise<Descriptor[]> {
  const tag = signatureTag(digest);
  return tag === undefined ? [] : await ifThere(repository.resolve(tag, options));
}

/** Returns the referrers that may hold signatures. */
export async function referringSignatures(
  repository: Referrers,
  digest: Digest,
  options?: CallOptions,
): Promise<Descriptor[]> {
  return (await repository.referrers(digest, options)).filter(mayHoldSignatures);
}

async function ifThere(resolved: Promise<Descriptor>): Promise<Descriptor[]> {
  try {
    return [await resolved];
  } catch (error) {
    if (error instanceof HostError && error.code === "NOT_FOUND") return [];
    throw error;
  }
}

/** Reports whether a referrer may hold signatures; cosign 2.6 lists bundles with the empty config's type. */
function mayHoldSignatures({ artifactType }: Descriptor): boolean {
  return artifactType === undefined || artifactType === OCI_EMPTY ||
    artifactType === COSIGN_ARTIFACT || isBundleType(artifactType);
}

/** Unverified signature. */
export interface FoundSignature {
  /** Name in reports. */
  readonly name: string;
  /**
   * Verifies that one of `keys` signed one of `digests`.
   *
   * @returns the key and the digest, or the reason why the signature is invalid
   */
  check(
    keys: readonly PublicKey[],
    digests: readonly Digest[],
  ): Promise<{ key: PublicKey; digest: Digest } | string>;
}

/**
 * Reads the signatures of a manifest, in order; an unreadable signature yields the reason as a string.
 */
export async function* signaturesIn(
  source: Pick<Content, "fetch">,
  descriptor: Descriptor,
  options: CallOptions = {},
): AsyncGenerator<FoundSignature | string> {
  const read = (of: Descriptor, limit: number) =>
    readContent(source, of, { limit, signal: options.signal });
  const what = `the signatures ${descriptor.digest}`;
  const bytes = await orReason(read(descriptor, MANIFEST_LIMITS.bytes));
  const manifest = typeof bytes === "string"
    ? bytes
    : await orReason(() => parseManifest(bytes, { what, mediaType: descriptor.mediaType }));
  if (typeof manifest === "string") return yield `${descriptor.digest}: ${manifest}`;
  for (const [index, layer] of (manifest.kind === "manifest" ? manifest.layers : []).entries()) {
    const isBundle = isBundleType(layer.mediaType);
    if (!isBundle && layer.mediaType !== SIMPLE_SIGNING) continue;
    const name = `${descriptor.digest}, layer ${index + 1}`;
    const content = await orReason(read(layer, isBundle ? MAX_BUNDLE_BYTES : MAX_PAYLOAD_BYTES));
    if (typeof content === "string") yield `${name}: ${content}`;
    else yield isBundle ? bundled(name, content) : simple(name, { payload: content, layer });
  }
}

/** Returns the result, or the message of an error about the content; other errors are thrown. */
async function orReason<T>(wanted: Promise<T> | (() => T)): Promise<T | string> {
  try {
    return await (typeof wanted === "function" ? wanted() : wanted);
  } catch (error) {
    if (error instanceof HostError && ABOUT_CONTENT.has(error.code)) return error.message;
    throw error;
  }
}

const ABOUT_CONTENT = new Set([
  ...["BAD_JSON", "BAD_MANIFEST", "BAD_DESCRIPTOR", "BAD_DIGEST", "UNSUPPORTED", "TOO_LARGE"],
  ...["SIZE_MISMATCH", "DIGEST_MISMATCH", "NOT_FOUND", "NOT_IN_STORE"],
]);

const OTHER_KEY = "signed with another key, or damaged";

function simple(
  name: string,
  found: { payload: Uint8Array; layer: Descriptor },
): FoundSignature {
  const signature = Buffer.from(found.layer.annotations?.[SIGNATURE] ?? "", "base64");
  return {
    name,
    async check(keys, digests) {
      if (signature.length === 0) return "has no signature";
      const key = await keyOf(keys, { signed: found.payload, signatures: [signature] });
      if (key === undefined) return OTHER_KEY;
      const about = await orReason(() => [signedDigest(found.payload)]);
      return typeof about === "string" ? about : oneOf(about, { digests, key });
    },
  };
}

function bundled(name: string, bytes: Uint8Array): FoundSignature {
  return {
    name,
    async check(keys, digests) {
      const envelope = await orReason(() => readBundle(bytes));
      if (typeof envelope === "string") return envelope;
      if (envelope.signatures.length === 0) return "has no signature";
      const key = await keyOf(keys, envelope);
      if (key === undefined) return OTHER_KEY;
      const about = await orReason(() => signedDigests(envelope.payload));
      return typeof about === "string" ? about : oneOf(about, { digests, key });
    },
  };
}

async function keyOf(
  keys: readonly PublicKey[],
  found: { signed: Uint8Array; signatures: readonly Uint8Array[] },
): Promise<PublicKey | undefined> {
  for (const key of keys) {
    for (const signature of found.signatures) {
      if (await key.verifies(found.signed, signature)) return key;
    }
  }
  return undefined;
}

function oneOf(
  about: readonly string[],
  wanted: { digests: readonly Digest[]; key: PublicKey },
): { key: PublicKey; digest: Digest } | string {
  const digest = wanted.digests.find((one) => about.includes(one));
  return digest === undefined
    ? `signs other content: ${about[0]?.slice(0, 80) ?? "nothing"}`
    : { key: wanted.key, digest };
}
