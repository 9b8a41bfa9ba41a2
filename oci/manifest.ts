/** Manifests and indexes of OCI and Docker, as one type each. */
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
  /** Discriminant. */
  readonly kind: "manifest";
  /** Media type, of OCI or Docker. */
  readonly mediaType: string;
  /** Artifact type, if the config does not define it. */
  readonly artifactType?: string;
  /** Config; its media type is the artifact type where there is no `artifactType`. */
  readonly config: Descriptor;
  /** Layers. */
  readonly layers: readonly Descriptor[];
  /** Subject, such as the manifest that a signature signs. */
  readonly subject?: Descriptor;
  /** Annotations by name. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** An index: a list of manifests, of platforms or of referrers. */
export interface ImageIndex {
  /** Discriminant. */
  readonly kind: "index";
  /** Media type, of OCI or Docker. */
  readonly mediaType: string;
  /** Artifact type. */
  readonly artifactType?: string;
  /** Manifests in order of preference. */
  readonly manifests: readonly Descriptor[];
  /** Subject. */
  readonly subject?: Descriptor;
  /** Annotations by name. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads a manifest or an index.
 *
 * @param options.what name in errors: `the manifest of ghcr.io/you/tool:v1`
 * @param options.mediaType type from the registry or a descriptor. The document must agree
 *   (CVE-2021-41190: two clients read one document differently)
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
 * Checks the media type of a manifest or index before the document is requested.
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
      ? "check the address: a web page was returned, not a manifest"
      : "use an OCI manifest or index, or Docker's schema 2",
  });
}

/** Returns the type that the document and its response agree on. */
function agreedType(json: JsonObject, options: { mediaType?: string }): string {
  const own = json.string("mediaType");
  const given = options.mediaType === undefined ? undefined : essence(options.mediaType);
  const isVague = given === undefined || isVagueType(given);
  if (own !== undefined && own !== "") {
    if (!isVague && given !== own) {
      throw json.error(
        "mediaType",
        `is ${JSON.stringify(shorten(own))}, but the registry or index has ${given}`,
      );
    }
    return own;
  }
  return isVague ? guessedType(json) : given;
}

/** Reports whether a type is generic: some registries send one of these for a manifest. */
export function isVagueType(mediaType: string): boolean {
  return ["", "application/json", "application/octet-stream", "text/plain"].includes(mediaType);
}

/** Returns the type of a document without one, which OCI allows. */
function guessedType(json: JsonObject): string {
  if (json.count("schemaVersion") === 1) return DOCKER_SCHEMA_1[0] ?? "";
  return json.has("manifests") ? OCI_INDEX : OCI_MANIFEST;
}

function readManifest(json: JsonObject, mediaType: string): ImageManifest {
  checkVersion(json);
  if (json.has("manifests")) throw json.error("manifests", "is not allowed in an image manifest");
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
    if (json.has(name)) throw json.error(name, "is not allowed in an index");
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
