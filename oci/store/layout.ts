/** Files of an OCI image layout (image-spec, image-layout.md), and our own next to them. */
import { join } from "node:path";
import { StoreError } from "./errors.ts";

/**
 * Annotation of an index entry: digest of the image index that the manifest was chosen from. The
 * index is kept as a blob as well, so that a digest or a signature of it can be checked offline.
 */
export const CHOSEN_FROM = "wasm-bpf.chosen-from";

/** Annotation of an index entry: when the reference was written, RFC 3339. */
export const ADDED = "wasm-bpf.added";

/**
 * Annotation of an index entry: digest of the manifest or index that it describes, such as a
 * signature's subject. Such an entry is kept as long as its subject and is not listed.
 */
export const ATTACHED_TO = "wasm-bpf.attached-to";

/** A manifest in `index.json`; what others added to it is kept as it is. */
export interface IndexEntry {
  /** Of the manifest. */
  mediaType: string;
  /** Of the manifest, and its name among the blobs. */
  digest: string;
  /** Bytes of the manifest. */
  size: number;
  /** The name and other things that belong to the entry rather than to the manifest. */
  annotations?: Record<string, string>;
  /** Properties that this version does not support. */
  [other: string]: unknown;
}

/** `index.json`. */
export interface LayoutIndex {
  schemaVersion: 2;
  mediaType: "application/vnd.oci.image.index.v1+json";
  manifests: IndexEntry[];
  [other: string]: unknown;
}

/** An index of more is not one that people made. */
export const MAX_INDEX_BYTES = 64 * 2 ** 20;

/** Algorithms of digests that the store keeps blobs of, with the length in hexadecimal digits. */
const DIGEST = /^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/;

/**
 * Reports whether a text is a digest that can name a blob: only such a text becomes part of a path.
 */
export function isBlobDigest(digest: string): boolean {
  return DIGEST.test(digest);
}

/** Paths of a layout's parts. */
export const paths = {
  marker: (root: string): string => join(root, "oci-layout"),
  index: (root: string): string => join(root, "index.json"),
  blobs: (root: string): string => join(root, "blobs"),
  lock: (root: string): string => join(root, "lock"),
  ingest: (root: string): string => join(root, "ingest"),
  spare: (root: string): string => join(root, "spare"),
  blob(root: string, digest: string): string {
    if (!isBlobDigest(digest)) {
      throw new StoreError(`Cannot store ${digest}: it is not a sha256 or sha512 digest`, {
        code: "DIGEST_MISMATCH",
      });
    }
    return join(root, "blobs", ...digest.split(":"));
  },
};

/** An index without entries. */
export function emptyIndex(): LayoutIndex {
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [],
  };
}

/**
 * Reads `index.json`; a store without one is empty. No lock is needed: it is replaced as a whole.
 *
 * @throws {StoreError} `CORRUPT_STORE`
 */
export function readIndex(root: string): LayoutIndex {
  let text: string;
  try {
    const path = paths.index(root);
    if (Deno.statSync(path).size > MAX_INDEX_BYTES) throw corrupt(root, "it is too large");
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return emptyIndex();
    throw cause;
  }
  return parseIndex(root, text);
}

/**
 * Reads the text of an `index.json`; errors name it by the store's folder.
 *
 * @throws {StoreError} `CORRUPT_STORE`
 */
export function parseIndex(root: string, text: string): LayoutIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(root, cause instanceof Error ? cause.message : String(cause));
  }
  if (!isObject(value) || !Array.isArray(value.manifests)) {
    throw corrupt(root, "it has no list of manifests");
  }
  for (const entry of value.manifests) {
    if (!isEntry(entry)) throw corrupt(root, "an entry has no digest, size or media type");
  }
  return value as LayoutIndex;
}

function isEntry(value: unknown): value is IndexEntry {
  return isObject(value) && typeof value.mediaType === "string" &&
    typeof value.digest === "string" && isBlobDigest(value.digest) &&
    Number.isSafeInteger(value.size) && Number(value.size) >= 0 &&
    (value.annotations === undefined ||
      isObject(value.annotations) &&
        Object.values(value.annotations).every((text) => typeof text === "string"));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(root: string, reason: string): StoreError {
  return new StoreError(`Cannot read ${paths.index(root)}: ${reason}`, {
    code: "CORRUPT_STORE",
    hint: "move the store's folder away and pull again; its blobs can be copied over",
  });
}
