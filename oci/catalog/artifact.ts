/** Catalogues in registries: one layer of a media type of their own, signed as modules are. */
import { bytesSource, type CallOptions, readContent } from "../content.ts";
import { Deadline } from "../deadline.ts";
import type { Descriptor } from "../descriptor.ts";
import { type Digest, digestOf } from "../digest.ts";
import { ArtifactError } from "../errors.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { type ImageManifest, parseManifest } from "../manifest.ts";
import { essence, isManifestType, OCI_EMPTY, OCI_MANIFEST } from "../media_types.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { Repository } from "../registry/repository.ts";
import { Guard } from "../trust/guard.ts";
import type { PublicKey } from "../trust/public_key.ts";
import { repositorySignatures } from "../trust/signatures.ts";
import { verifySignatures } from "../trust/verify.ts";
import { type Catalog, CATALOG_LIMITS, parseCatalog } from "./catalog.ts";

/** Media type of a catalogue, and artifact type of its manifest. */
export const CATALOG_TYPE = "application/vnd.wasm-bpf.catalog.v1+json";

/** Time for a catalogue with its signatures, in milliseconds. */
const FETCH_MS = 120_000;

/** Repository with the reference of a catalogue in it. */
export interface CatalogPlace {
  /** Repository of the reference. */
  readonly repository: Repository;
  /** Reference. */
  readonly reference: Reference;
}

/** Catalogue from a registry. */
export interface FetchedCatalog {
  /** Content, verified. */
  readonly catalog: Catalog;
  /** Bytes of the document. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Digest of the document. */
  readonly digest: Digest;
}

/**
 * Pushes a catalogue and tags it.
 *
 * @param bytes a document that `parseCatalog()` accepts
 * @returns the manifest, to be signed
 * @throws {RegistryError} when the registry fails
 */
export async function pushCatalog(
  { repository, reference }: CatalogPlace,
  bytes: Uint8Array<ArrayBuffer>,
  options: CallOptions = {},
): Promise<Descriptor> {
  const push = async (mediaType: string, content: Uint8Array<ArrayBuffer>) => {
    const descriptor = { mediaType, digest: digestOf(content), size: content.length };
    await repository.push(descriptor, bytesSource(content), options);
    return descriptor;
  };
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const config = await push(OCI_EMPTY, encode({}));
  const layer = await push(CATALOG_TYPE, bytes);
  const manifest = await push(
    OCI_MANIFEST,
    encode({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: CATALOG_TYPE,
      config,
      layers: [layer],
    }),
  );
  if (reference.tag !== undefined) await repository.tag(manifest, reference.tag, options);
  return manifest;
}

/**
 * Fetches a catalogue. Policies apply to its reference, and the hub's key must have signed it; both are
 * checked before the document is requested.
 *
 * @param key key that was pinned; undefined for a hub that is allowed to be unsigned
 * @throws {TrustError} `REJECTED`, `NOT_SIGNED`, `BAD_SIGNATURE`, `BAD_POLICY`, `BAD_KEY`
 * @throws {ArtifactError} `NOT_A_CATALOG`, `BAD_JSON`, `TOO_LARGE`
 * @throws {RegistryError} when the registry fails
 */
export async function fetchCatalog(
  { repository, reference }: CatalogPlace,
  { key, signal: outer }: CallOptions & { key: PublicKey | undefined },
): Promise<FetchedCatalog> {
  const what = formatReference(reference);
  const guard = new Guard(reference);
  using deadline = new Deadline({
    what: `fetch the catalogue ${what}`,
    ms: FETCH_MS,
    signal: outer,
  });
  const { signal } = deadline;
  const root = await repository.resolve(reference.digest ?? reference.tag ?? "latest", { signal });
  if (!isManifestType(essence(root.mediaType))) {
    throw notACatalog(what, `its type is ${root.mediaType}`);
  }
  const limit = MANIFEST_LIMITS.bytes;
  const manifest = parseManifest(await readContent(repository, root, { limit, signal }), {
    what,
    mediaType: root.mediaType,
  });
  const layer = layerOf(manifest.kind === "manifest" ? manifest : undefined, what);
  const source = repositorySignatures(repository);
  await guard.verify(source, [root.digest], { signal });
  if (key !== undefined) {
    const requirements = [{ source: "the hub's key", keys: [key] }];
    await verifySignatures({ what, digests: [root.digest], requirements, source, signal });
  }
  const bytes = await readContent(repository, layer, { limit: CATALOG_LIMITS.bytes, signal });
  return { catalog: parseCatalog(bytes, `the catalogue ${what}`), bytes, digest: layer.digest };
}

function layerOf(manifest: ImageManifest | undefined, what: string): Descriptor {
  const [layer, ...others] = manifest?.layers ?? [];
  const isCatalog = manifest?.artifactType === CATALOG_TYPE && others.length === 0 &&
    layer?.mediaType === CATALOG_TYPE;
  if (layer === undefined || !isCatalog) {
    throw notACatalog(what, `its manifest is not of the type ${CATALOG_TYPE}`);
  }
  return layer;
}

function notACatalog(what: string, reason: string): ArtifactError {
  return new ArtifactError(`Cannot use ${what} as a catalogue: ${reason}`, {
    code: "NOT_A_CATALOG",
    hint: "check the reference; wasm-bpf catalog push publishes a catalogue",
  });
}
