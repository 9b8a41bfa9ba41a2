/** Media types of manifests, configs and layers, with their definitions. */

/** OCI image manifest (image specification 1.1, `media-types.md`, as all OCI types here). */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** OCI image index: a list of manifests, one per platform. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
/** OCI config of a container image. */
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
/** OCI empty config: the two bytes `{}`. */
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";
/** OCI layer. */
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
/** {@linkcode OCI_LAYER} compressed with gzip. */
export const OCI_LAYER_GZIP = `${OCI_LAYER}+gzip`;
/** {@linkcode OCI_LAYER} compressed with zstd. */
export const OCI_LAYER_ZSTD = `${OCI_LAYER}+zstd`;

/** Docker's image manifest, version 2, schema 2. */
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
/** Docker's manifest list. */
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
/** Docker's container config. */
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
/** Docker's layer, compressed with gzip. */
export const DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/** Docker's layer, compressed with zstd, as BuildKit writes it. */
export const DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd";
/** Docker's layer, not compressed. */
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
/** Docker's schema 1 manifests, with and without a signature; obsolete. */
export const DOCKER_SCHEMA_1: readonly string[] = [
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/** Config of the artifacts of wasm-to-oci and ecli. */
export const WASM_COMPAT_CONFIG = "application/vnd.wasm.config.v1+json";
/** The layer that goes with {@linkcode WASM_COMPAT_CONFIG}. */
export const WASM_COMPAT_LAYER = "application/vnd.wasm.content.layer.v1+wasm";
/** Config of the CNCF Wasm working group's artifact. */
export const WASM_CNCF_CONFIG = "application/vnd.wasm.config.v0+json";
/** The layer that goes with {@linkcode WASM_CNCF_CONFIG}, and WebAssembly's registered type. */
export const WASM_LAYER = "application/wasm";

/** Accepted types of a manifest request, in order of preference. */
export const MANIFEST_TYPES: readonly string[] = [
  OCI_MANIFEST,
  OCI_INDEX,
  DOCKER_MANIFEST,
  DOCKER_LIST,
];

/** Returns a media type without parameters, in lower case: `Application/JSON; charset=utf-8` is `application/json`. */
export function essence(mediaType: string): string {
  return (mediaType.split(";")[0] ?? "").trim().toLowerCase();
}

/** Reports whether a type is an image manifest of OCI or Docker. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** Reports whether a type is a list of manifests of OCI or Docker. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}
