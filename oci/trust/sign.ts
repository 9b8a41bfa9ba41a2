/** Makes signatures in cosign's tag form, which every version of `cosign verify` reads. */
import { bytesSource, type CallOptions, type Content, readContent } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf } from "../digest.ts";
import { ArtifactError, HostError } from "../errors.ts";
import { type ImageManifest, parseManifest } from "../manifest.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "../media_types.ts";
import type { Reference } from "../reference.ts";
import type { PrivateKey } from "./private_key.ts";
import { signatureTag } from "./signatures.ts";
import { makePayload, SIGNATURE, SIMPLE_SIGNING } from "./simple_signing.ts";

/** What {@linkcode signArtifact} signs, and where. */
export interface SignOptions extends CallOptions {
  /** The repository's name, which the signature holds. */
  readonly reference: Pick<Reference, "registry" | "repository">;
  /** The manifest's digest. */
  readonly digest: Digest;
  /** Signs. */
  readonly key: PrivateKey;
}

/** More signatures of one manifest than this nobody reads. */
const MAX_SIGNATURES = 100;

/**
 * Signs a manifest and pushes the signature beside those that are there.
 *
 * As with cosign, two who sign the same manifest at the same moment can leave only one of the
 * signatures: tags cannot be changed on a condition.
 *
 * @returns the manifest that now holds the signatures
 * @throws {ArtifactError} `UNSUPPORTED` for a digest that has no tag, `TOO_LARGE`
 */
export async function signArtifact(
  repository: Content,
  options: SignOptions,
): Promise<Descriptor> {
  const { reference, digest, key, signal } = options;
  const tag = signatureTag(digest);
  if (tag === undefined) {
    throw new ArtifactError(`Cannot sign ${digest}: cosign has signatures of sha256 digests only`, {
      code: "UNSUPPORTED",
    });
  }
  const payload = makePayload(reference, digest);
  const layer: Descriptor = {
    mediaType: SIMPLE_SIGNING,
    ...sizeAndDigest(payload),
    annotations: { [SIGNATURE]: key.sign(payload).toBase64() },
  };
  await repository.push(layer, bytesSource(payload), { signal });
  const layers = [...await layersOf(repository, tag, options), layer];
  if (layers.length > MAX_SIGNATURES) {
    throw new ArtifactError(`Cannot sign ${digest}: it has ${MAX_SIGNATURES} signatures already`, {
      code: "TOO_LARGE",
      hint: `remove the tag ${tag} from the registry`,
    });
  }
  return await pushManifest(repository, { layers, tag, signal });
}

/** The signatures that are there already. */
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

async function pushManifest(
  repository: Content,
  made: { layers: readonly Descriptor[]; tag: string; signal: AbortSignal | undefined },
): Promise<Descriptor> {
  const { layers, tag, signal } = made;
  const config = encode({
    architecture: "",
    created: "0001-01-01T00:00:00Z",
    history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
    os: "",
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    config: {},
  });
  const configDescriptor = { mediaType: OCI_CONFIG, ...sizeAndDigest(config) };
  const manifest = encode(
    {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: configDescriptor,
      layers,
    } satisfies Partial<ImageManifest> & { schemaVersion: 2 },
  );
  const descriptor = { mediaType: OCI_MANIFEST, ...sizeAndDigest(manifest) };
  await repository.push(configDescriptor, bytesSource(config), { signal });
  await repository.push(descriptor, bytesSource(manifest), { signal });
  await repository.tag(descriptor, tag, { signal });
  return descriptor;
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

function sizeAndDigest(bytes: Uint8Array): { digest: Digest; size: number } {
  return { digest: digestOf(bytes), size: bytes.length };
}
