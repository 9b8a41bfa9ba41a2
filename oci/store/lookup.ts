/**
 * The short way from a reference to a module in the store: reads, hashes, and nothing else. It loads
 * neither the registry client nor what unpacks images, and takes no lock: the index is replaced as a
 * whole, and blobs never change.
 */
import type { Descriptor } from "../descriptor.ts";
import { type GadgetParts, hasGadgetWasm, isGadgetConfig } from "../gadget.ts";
import { type Digest, isDigest, verify } from "../digest.ts";
import { ArtifactError } from "../errors.ts";
import {
  checkMagic,
  findModule,
  MAX_MODULE_BYTES,
  type ModulePlace,
} from "../formats/find_module.ts";
import { MANIFEST_LIMITS } from "../json.ts";
import { type ImageManifest, parseManifest } from "../manifest.ts";
import type { Reference } from "../reference.ts";
import { errnoName, fileError } from "./errors.ts";
import { CHOSEN_FROM, type IndexEntry, paths, readIndex } from "./layout.ts";
import { isBehind } from "./leads_to.ts";
import { checkFolder, storePath } from "./location.ts";
import { descriptorOf, entriesOf, storedName } from "./names.ts";

/** An artifact in the store, its manifest read and verified. */
export interface StoredArtifact {
  /** Entry of the index. */
  readonly entry: IndexEntry;
  /** Verified against the entry's digest. */
  readonly manifest: ImageManifest;
  /** Of the manifest. */
  readonly digest: Digest;
  /** Digest of the index that the manifest was chosen from; else its own. */
  readonly root: Digest;
  /** Where in it the module is. */
  readonly place: ModulePlace;
}

/** Options of a lookup. */
export interface LookupOptions {
  /** The store's folder; `storePath()` when not given. */
  path?: string;
  /** Only what is for this platform, as in `wasi/wasm`. */
  platform?: string | undefined;
}

/**
 * Finds what a reference names in the store.
 *
 * @returns nothing when the store does not have it, or not all of it
 * @throws {StoreError} when the store cannot be trusted or read
 * @throws {MismatchError} when the manifest is damaged
 * @throws {ArtifactError} when it holds no module
 */
export function lookUp(
  reference: Reference,
  options: LookupOptions = {},
): StoredArtifact | undefined {
  const path = options.path ?? storePath();
  if (!checkFolder(path)) return undefined;
  const name = storedName(reference);
  const entry = candidates(path, reference)
    .find((one) =>
      (options.platform === undefined || isFor(one, options.platform)) &&
      (reference.digest === undefined || isBehind(path, reference.digest, one))
    );
  if (entry === undefined) return undefined;
  const bytes = readBlob(path, entry, MANIFEST_LIMITS.bytes);
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes, { what: name, mediaType: entry.mediaType });
  if (manifest.kind === "index") return undefined;
  const { digest } = descriptorOf(entry);
  const chosenFrom = entry.annotations?.[CHOSEN_FROM] ?? "";
  const root = isDigest(chosenFrom) ? chosenFrom : digest;
  return { entry, manifest, digest, root, place: findModule(manifest, name) };
}

/**
 * The bytes of a module that is a layer of its own.
 *
 * @returns nothing when the layer is not there, or is an archive, which takes `extractModule()`
 * @throws {MismatchError} when it is damaged
 */
export function readPlainModule(
  { place }: StoredArtifact,
  options: { what: string; path?: string },
): Uint8Array<ArrayBuffer> | undefined {
  const [layer] = place.layers;
  if (place.isArchive || layer === undefined) return undefined;
  const bytes = readBlob(options.path ?? storePath(), layer, MAX_MODULE_BYTES);
  if (bytes !== undefined) checkMagic(bytes, options.what);
  return bytes;
}

/**
 * Returns the parts of an artifact in addition to its object; undefined for other artifacts.
 *
 * @throws {MismatchError} when the metadata is damaged
 * @throws {ArtifactError} `TOO_LARGE`
 */
export function readGadget(
  { manifest }: Pick<StoredArtifact, "manifest">,
  options: { path?: string } = {},
): GadgetParts | undefined {
  const hasWasm = hasGadgetWasm(manifest);
  const hasMetadata = isGadgetConfig(manifest);
  if (!hasMetadata && !hasWasm) return undefined;
  const metadata = hasMetadata
    ? readBlob(options.path ?? storePath(), manifest.config, MAX_METADATA_BYTES)
    : undefined;
  return { metadata, hasWasm };
}

/** A gadget.yaml has some kilobytes. */
const MAX_METADATA_BYTES = 4 << 20;

/** Returns the entries that match by their own account: first by name, then by digest. */
function candidates(path: string, reference: Reference): IndexEntry[] {
  const index = readIndex(path);
  const named = entriesOf(index, storedName(reference));
  const { digest } = reference;
  return digest === undefined ? named : [...named, ...entriesOf(index, digest)];
}

/**
 * Reports whether an entry was chosen for a platform; an entry without a choice matches every one.
 */
function isFor({ platform }: IndexEntry, wanted: string): boolean {
  if (typeof platform !== "object" || platform === null) return true;
  const { os, architecture, variant } = platform as Record<string, unknown>;
  const name = `${os}/${architecture}`;
  return name === wanted || `${name}/${variant}` === wanted;
}

function readBlob(
  root: string,
  descriptor: Pick<Descriptor, "size"> & { digest: string },
  limit: number,
): Uint8Array<ArrayBuffer> | undefined {
  const { digest, size } = descriptor;
  if (!isDigest(digest)) return undefined;
  if (size > limit) {
    throw new ArtifactError(`Cannot use ${digest}: it has ${size} bytes`, { code: "TOO_LARGE" });
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Deno.readFileSync(paths.blob(root, digest));
  } catch (cause) {
    if (errnoName(cause) === "ENOENT") return undefined;
    throw fileError(`read ${digest} from the store`, cause);
  }
  verify(bytes, { digest, size });
  return bytes;
}
