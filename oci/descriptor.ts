/** Descriptors: type, digest and size of content (OCI image specification, `descriptor.md`). */
import { type Digest, isDigest } from "./digest.ts";
import type { JsonObject } from "./json.ts";

/** Platform of a container image. */
export interface Platform {
  /** Operating system, as Go's `GOOS`: `linux`, `wasip1`. */
  readonly os: string;
  /** Architecture, as Go's `GOARCH`: `amd64`, `wasm`. */
  readonly architecture: string;
  /** Variant of the processor: `v8`. */
  readonly variant?: string;
}

/** Descriptor of content. `urls` and `data` of the specification are ignored. */
export interface Descriptor {
  /** Media type. */
  readonly mediaType: string;
  /** Digest of the bytes. */
  readonly digest: Digest;
  /** Size in bytes. */
  readonly size: number;
  /** Annotations by name. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Artifact type of a manifest. */
  readonly artifactType?: string;
  /** Platform of a manifest in an index. */
  readonly platform?: Platform;
}

/** Annotation with the name of a file. */
export const TITLE = "org.opencontainers.image.title";
/** Annotation with the time of creation, RFC 3339. */
export const CREATED = "org.opencontainers.image.created";
/** Annotation of a manifest with the permissions that its module asks for: JSON. */
export const PERMISSIONS = "wasm-bpf.permissions";
/** Annotation with the name of a manifest in the index of an image layout. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** Media type (RFC 6838, section 4.2). */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

/**
 * Reads a descriptor.
 *
 * @throws the document's own error when a member is missing or invalid
 */
export function readDescriptor(json: JsonObject): Descriptor {
  const mediaType = json.requiredString("mediaType");
  if (!MEDIA_TYPE.test(mediaType)) throw json.error("mediaType", "is not a media type");
  const digest = json.requiredString("digest");
  if (!isDigest(digest)) throw json.error("digest", "is not a sha256 or sha512 digest");
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

/** Reads the `annotations` of a descriptor or manifest; absent ones become an empty object. */
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

/** Formats a platform: `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}
