/** Manifests and indexes, OCI's and Docker's, as one shape each. */
import { type Descriptor, readAnnotations, readDescriptor } from "./descriptor.ts";
import { ArtifactError, shorten } from "./errors.ts";
import { type JsonObject, MANIFEST_LIMITS, readJson } from "./json.ts";
import {
  DOCKER_SCHEMA_1,
  essence,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from "./media_types.ts";

/** A manifest: a config and layers. */
export interface ImageManifest {
  /** Tells it from an index. */
  readonly kind: "manifest";
  /** OCI's or Docker's. */
  readonly mediaType: string;
  /** What kind of artifact it is, where the config does not say. */
  readonly artifactType?: string;
  /** What the layers are; its type is the kind of artifact where there is no `artifactType`. */
  readonly config: Descriptor;
  /** The content. */
  readonly layers: readonly Descriptor[];
  /** What this one is about, such as what a signature signs. */
  readonly subject?: Descriptor;
  /** Free texts by name. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A list of manifests, of platforms or of referrers. */
export interface ImageIndex {
  /** Tells it from a manifest. */
  readonly kind: "index";
  /** OCI's or Docker's. */
  readonly mediaType: string;
  /** What kind of artifact it is. */
  readonly artifactType?: string;
  /** What is in it, in the order that counts. */
  readonly manifests: readonly Descriptor[];
  /** What this one is about. */
  readonly subject?: Descriptor;
  /** Free texts by name. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads a manifest or an index.
 *
 * @param options.what how errors name it: `the manifest of ghcr.io/you/tool:v1`
 * @param options.mediaType what the registry or a descriptor calls it. The document must agree
 *   (CVE-2021-41190: one that two clients read differently)
 * @throws {ArtifactError} `BAD_JSON`, `TOO_LARGE`, `BAD_MANIFEST`, `UNSUPPORTED`
 */
export function parseManifest(
  bytes: Uint8Array,
  options: { what: string; mediaType?: string },
): ImageManifest | ImageIndex {
  const { what } = options;
  const json = readJson(bytes, { what, code: "BAD_MANIFEST", limits: MANIFEST_LIMITS });
  const mediaType = agreedType(json, options);
  if (isIndexType(mediaType)) return readIndex(json, mediaType);
  if (isManifestType(mediaType)) return readManifest(json, mediaType);
  throw unsupportedType(what, mediaType);
}

/**
 * Makes sure that something is a manifest or an index by what it is called, before it is asked for.
 *
 * @throws {ArtifactError} `UNSUPPORTED`
 */
export function checkManifestType(what: string, mediaType: string): void {
  const type = essence(mediaType);
  if (!isIndexType(type) && !isManifestType(type)) throw unsupportedType(what, type);
}

function unsupportedType(what: string, mediaType: string): ArtifactError {
  const shown = JSON.stringify(shorten(mediaType));
  return new ArtifactError(`Cannot use ${what}: its type is ${shown}`, {
    code: "UNSUPPORTED",
    hint: DOCKER_SCHEMA_1.includes(mediaType)
      ? "it is in Docker's oldest format: push it again with a current tool"
      : mediaType === "text/html"
      ? "a page for people answers there: is it a registry?"
      : "OCI manifests and indexes and Docker's schema 2 are understood",
  });
}

/** What the document is, by its own word and by the one it came with. */
function agreedType(json: JsonObject, options: { mediaType?: string }): string {
  const own = json.string("mediaType");
  const given = options.mediaType === undefined ? undefined : essence(options.mediaType);
  const isVague = given === undefined || isVagueType(given);
  if (own !== undefined && own !== "") {
    if (!isVague && given !== own) {
      throw json.error("mediaType", `is ${JSON.stringify(shorten(own))}, but it came as ${given}`);
    }
    return own;
  }
  return isVague ? guessedType(json) : given;
}

/** Whether a type says nothing: registries that do not know better say one of these. */
export function isVagueType(mediaType: string): boolean {
  return ["", "application/json", "application/octet-stream", "text/plain"].includes(mediaType);
}

/** OCI documents may leave their type out. */
function guessedType(json: JsonObject): string {
  if (json.count("schemaVersion") === 1) return DOCKER_SCHEMA_1[0] ?? "";
  return json.has("manifests") ? OCI_INDEX : OCI_MANIFEST;
}

function readManifest(json: JsonObject, mediaType: string): ImageManifest {
  checkVersion(json);
  if (json.has("manifests")) throw json.error("manifests", "has no place in an image manifest");
  return {
    kind: "manifest",
    mediaType,
    config: readDescriptor(json.requiredObject("config")),
    layers: (json.objects("layers") ?? []).map(readDescriptor),
    ...readCommon(json),
  };
}

function readIndex(json: JsonObject, mediaType: string): ImageIndex {
  checkVersion(json);
  for (const name of ["config", "layers", "fsLayers"]) {
    if (json.has(name)) throw json.error(name, "has no place in an index");
  }
  return {
    kind: "index",
    mediaType,
    manifests: (json.objects("manifests") ?? []).map(readDescriptor),
    ...readCommon(json),
  };
}

function readCommon(json: JsonObject): {
  artifactType?: string;
  subject?: Descriptor;
  annotations: Readonly<Record<string, string>>;
} {
  const artifactType = json.string("artifactType");
  const subject = json.object("subject");
  return {
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject: readDescriptor(subject) }),
    annotations: readAnnotations(json),
  };
}

function checkVersion(json: JsonObject): void {
  if (json.count("schemaVersion") !== 2) throw json.error("schemaVersion", "is not 2");
}
