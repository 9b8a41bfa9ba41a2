/** Media types of manifests, configs and layers, each with where it is defined. */

/** OCI image specification 1.1, `media-types.md`. */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** The same: a list of manifests, one a platform. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
/** The same: a container image's config. */
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
/** The same: a config without anything in it, the two bytes `{}`. */
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";
/** The same: a layer, as it is or compressed. */
export const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
/** {@linkcode OCI_LAYER} compressed by gzip. */
export const OCI_LAYER_GZIP = `${OCI_LAYER}+gzip`;
/** {@linkcode OCI_LAYER} compressed by zstd. */
export const OCI_LAYER_ZSTD = `${OCI_LAYER}+zstd`;

/** Docker's image manifest, version 2, schema 2. */
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
/** Docker's manifest list. */
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
/** Docker's container config. */
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
/** Docker's layer, compressed by gzip. */
export const DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/** Docker's layer, compressed by zstd, as BuildKit writes it. */
export const DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd";
/** Docker's layer as it is. */
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
/** Docker's oldest manifests, with and without a signature, which no registry makes any more. */
export const DOCKER_SCHEMA_1: readonly string[] = [
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/** Config of what wasm-to-oci and ecli write and read. */
export const WASM_COMPAT_CONFIG = "application/vnd.wasm.config.v1+json";
/** The layer that goes with {@linkcode WASM_COMPAT_CONFIG}. */
export const WASM_COMPAT_LAYER = "application/vnd.wasm.content.layer.v1+wasm";
/** Config of the CNCF Wasm working group's artifact. */
export const WASM_CNCF_CONFIG = "application/vnd.wasm.config.v0+json";
/** The layer that goes with {@linkcode WASM_CNCF_CONFIG}, and WebAssembly's registered type. */
export const WASM_LAYER = "application/wasm";

/** What a request for a manifest accepts, the best first. */
export const MANIFEST_TYPES: readonly string[] = [
  OCI_MANIFEST,
  OCI_INDEX,
  DOCKER_MANIFEST,
  DOCKER_LIST,
];

/** A media type without parameters, in lower case: `Application/JSON; charset=utf-8` is `application/json`. */
export function essence(mediaType: string): string {
  return (mediaType.split(";")[0] ?? "").trim().toLowerCase();
}

/** Whether it is an image manifest, OCI's or Docker's. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** Whether it is a list of manifests, OCI's or Docker's. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}
