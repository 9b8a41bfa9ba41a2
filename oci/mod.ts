/**
 * OCI artifacts: references, registries, credentials, and the local store.
 *
 * @module
 */
export {
  ArtifactError,
  HostError,
  type HostErrorOptions,
  MismatchError,
  ReferenceSyntaxError,
  RegistryError,
  type RegistryErrorOptions,
} from "./errors.ts";
export {
  type Algorithm,
  type Digest,
  digestOf,
  type Expected,
  isDigest,
  parseDigest,
  splitDigest,
  Verifier,
  verify,
} from "./digest.ts";
export { type Descriptor, formatPlatform, type Platform } from "./descriptor.ts";
export { type ImageIndex, type ImageManifest, parseManifest } from "./manifest.ts";
export {
  canonicalRegistry,
  formatReference,
  isLoopback,
  isRegistryName,
  parseReference,
  type Reference,
  type ReferenceOptions,
} from "./reference.ts";
export {
  bytesSource,
  type ByteStream,
  type CallOptions,
  type Content,
  type PushOptions,
  readChunks,
  readContent,
  type Referrers,
  type Source,
  type StreamOptions,
} from "./content.ts";
export { eachBounded } from "./concurrency.ts";
