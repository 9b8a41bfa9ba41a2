/** Descriptors: what names content by type, digest and size (OCI image specification, `descriptor.md`). */
import { type Digest, isDigest } from "./digest.ts";
import type { JsonObject } from "./json.ts";

/** What a container image runs on. */
export interface Platform {
  /** As Go's `GOOS`: `linux`, `wasip1`. */
  readonly os: string;
  /** As Go's `GOARCH`: `amd64`, `wasm`. */
  readonly architecture: string;
  /** Of the processor: `v8`. */
  readonly variant?: string;
}

/** Names content. `urls` and `data` of the specification are never followed, and not kept. */
export interface Descriptor {
  /** What it is. */
  readonly mediaType: string;
  /** Which bytes. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Free texts by name. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of a manifest: what kind of artifact it is. */
  readonly artifactType?: string;
  /** Of a manifest in an index: what it runs on. */
  readonly platform?: Platform;
}

/** The annotation that holds a file's name. */
export const TITLE = "org.opencontainers.image.title";
/** When something was made, RFC 3339. */
export const CREATED = "org.opencontainers.image.created";
/** The name that an image layout's index has for a manifest. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** A media type as RFC 6838, section 4.2 has it. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

/**
 * Reads a descriptor.
 *
 * @throws the document's own error when a member is missing or not what it should be
 */
export function readDescriptor(json: JsonObject): Descriptor {
  const mediaType = json.requiredString("mediaType");
  if (!MEDIA_TYPE.test(mediaType)) throw json.error("mediaType", "is no media type");
  const digest = json.requiredString("digest");
  if (!isDigest(digest)) throw json.error("digest", "is no sha256 or sha512 digest");
  const artifactType = json.string("artifactType");
  const platform = json.object("platform");
  return {
    mediaType,
    digest,
    size: json.requiredCount("size"),
    ...(json.has("annotations") ? { annotations: readAnnotations(json) } : {}),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform: readPlatform(platform) }),
  };
}

/** The `annotations` of a descriptor or manifest; none are an empty object. */
export function readAnnotations(json: JsonObject): Readonly<Record<string, string>> {
  // A name such as __proto__ must stay a plain member.
  return Object.assign(Object.create(null), Object.fromEntries(json.texts("annotations")));
}

function readPlatform(json: JsonObject): Platform {
  const variant = json.string("variant");
  return {
    os: json.requiredText("os"),
    architecture: json.requiredText("architecture"),
    ...(variant === undefined || variant === "" ? {} : { variant }),
  };
}

/** A platform as people write it: `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}
