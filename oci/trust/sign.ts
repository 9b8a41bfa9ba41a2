/** Creates signatures in both formats of cosign. */
import {
  bytesSource,
  type CallOptions,
  type Content,
  readContent,
  type Referrers,
} from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf } from "../digest.ts";
import { ArtifactError, HostError } from "../errors.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { parseManifest } from "../manifest.ts";
import { OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST } from "../media_types.ts";
import type { Reference } from "../reference.ts";
import { BUNDLE, makeBundle, SIGN_PREDICATE } from "./bundle.ts";
import type { PrivateKey } from "./private_key.ts";
import { referringSignatures, signaturesIn, signatureTag, taggedSignatures } from "./signatures.ts";
import { makePayload, SIGNATURE, SIMPLE_SIGNING } from "./simple_signing.ts";

/** Options of {@linkcode signArtifact}. */
export interface SignOptions extends CallOptions {
  /** Repository, which is part of the signature. */
  readonly reference: Pick<Reference, "registry" | "repository">;
  /** Descriptor of the manifest. */
  readonly subject: Descriptor;
  /** Key. */
  readonly key: PrivateKey;
}

/** Maximum number of signatures of one manifest; verifiers read no more. */
const MAX_SIGNATURES = 100;

/**
 * Signs a manifest and adds the signature to the existing ones: at the tag, which every version of cosign
 * reads; and, if there are bundles among the referrers, as a bundle, since cosign then reads only those.
 * Does nothing if the key has already signed the manifest.
 *
 * As with cosign, concurrent signatures of the same manifest may overwrite each other: registries have
 * no conditional updates of tags.
 *
 * @throws {ArtifactError} `UNSUPPORTED` for a digest without a signature tag, `TOO_LARGE`
 */
export async function signArtifact(
  repository: Content & Referrers,
  options: SignOptions,
): Promise<void> {
  const { subject: { digest }, signal } = options;
  const tag = signatureTag(digest);
  if (tag === undefined) {
    throw new ArtifactError(`Cannot sign ${digest}: cosign supports only sha256 digests`, {
      code: "UNSUPPORTED",
    });
  }
  const tagged = await taggedSignatures(repository, digest, { signal });
  if (!await isSigned(repository, tagged, options)) await pushTagged(repository, tag, options);
  const referring = await referringSignatures(repository, digest, { signal });
  if (referring.length === 0 || await isSigned(repository, referring, options)) return;
  await pushBundle(repository, options);
}

/** Reports whether one of these manifests has a valid signature by the key. */
async function isSigned(
  repository: Content,
  manifests: readonly Descriptor[],
  options: SignOptions,
): Promise<boolean> {
  const { subject: { digest }, key, signal } = options;
  for (const manifest of manifests) {
    for await (const signature of signaturesIn(repository, manifest, { signal })) {
      if (typeof signature === "string") continue;
      if (typeof await signature.check([key.publicKey], [digest]) !== "string") return true;
    }
  }
  return false;
}

async function pushTagged(repository: Content, tag: string, options: SignOptions): Promise<void> {
  const { reference, subject: { digest }, key, signal } = options;
  const payload = makePayload(reference, digest);
  const layer = await pushBytes(repository, payload, {
    mediaType: SIMPLE_SIGNING,
    annotations: { [SIGNATURE]: key.sign(payload).toBase64() },
    signal,
  });
  const layers = [...await layersOf(repository, tag, options), layer];
  if (layers.length > MAX_SIGNATURES) {
    throw new ArtifactError(`Cannot sign ${digest}: it already has ${MAX_SIGNATURES} signatures`, {
      code: "TOO_LARGE",
      hint: `remove the tag ${tag} from the registry`,
    });
  }
  // As in cosign: an image whose layers are the payloads.
  const config = await pushBytes(
    repository,
    encode({
      architecture: "",
      created: "0001-01-01T00:00:00Z",
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
    { mediaType: OCI_CONFIG, signal },
  );
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  const descriptor = await pushBytes(repository, encode(manifest), {
    mediaType: OCI_MANIFEST,
    signal,
  });
  await repository.tag(descriptor, tag, { signal });
}

async function pushBundle(repository: Content, options: SignOptions): Promise<void> {
  const { subject: { mediaType, digest, size }, key, signal } = options;
  const layer = await pushBytes(repository, makeBundle(key, digest), { mediaType: BUNDLE, signal });
  const config = await pushBytes(repository, encode({}), { mediaType: OCI_EMPTY, signal });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: BUNDLE,
    config,
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": SIGN_PREDICATE,
    },
  };
  await pushBytes(repository, encode(manifest), { mediaType: OCI_MANIFEST, signal });
}

/** Returns the existing signatures. */
async function layersOf(
  repository: Content,
  tag: string,
  { signal }: CallOptions,
): Promise<readonly Descriptor[]> {
  let there: Descriptor;
  try {
    there = await repository.resolve(tag, { signal });
  } catch (error) {
    if (error instanceof HostError && error.code === "NOT_FOUND") return [];
    throw error;
  }
  const bytes = await readContent(repository, there, { limit: MANIFEST_LIMITS.bytes, signal });
  const what = `the signatures at the tag ${tag}`;
  const manifest = parseManifest(bytes, { what, mediaType: there.mediaType });
  return manifest.kind === "manifest" ? manifest.layers : [];
}

async function pushBytes(
  repository: Content,
  bytes: Uint8Array<ArrayBuffer>,
  options: CallOptions & { mediaType: string; annotations?: Record<string, string> },
): Promise<Descriptor> {
  const { mediaType, annotations, signal } = options;
  const digest: Digest = digestOf(bytes);
  const descriptor = { mediaType, digest, size: bytes.length };
  await repository.push(descriptor, bytesSource(bytes), { signal });
  return annotations === undefined ? descriptor : { ...descriptor, annotations };
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
