/**
 * OCI artifacts: references, registries, credentials, and the local store.
 *
 * @module
 */
export {
  type AcquiredModule,
  acquireModule,
  type AcquireOptions,
  type AdmittedPullOptions,
  pullAdmitted,
  type Pulled,
  type Remote,
} from "./acquire.ts";
export {
  ArtifactError,
  HostError,
  type HostErrorOptions,
  MismatchError,
  ReferenceSyntaxError,
  RegistryError,
  type RegistryErrorOptions,
  withoutSecrets,
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
export { type Descriptor, formatPlatform, PERMISSIONS, type Platform } from "./descriptor.ts";
export { type ImageIndex, type ImageManifest, parseManifest } from "./manifest.ts";
export {
  formatReference,
  parseReference,
  type Reference,
  type ReferenceOptions,
} from "./reference.ts";
export {
  canonicalRegistry,
  isLoopback,
  readRegistryName,
  type RegistryName,
  withReferencePort,
} from "./registry_name.ts";
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
export {
  ADDED,
  ATTACHED_TO,
  type Checked,
  CHOSEN_FROM,
  describeEntry,
  type Description,
  fileSource,
  findInStore,
  fsck,
  type IndexEntry,
  isListed,
  lookUp,
  type LookupOptions,
  openFileSource,
  type Pruned,
  readGadget,
  readPlainModule,
  Store,
  type StoredArtifact,
  storedName,
  StoreError,
  storePath,
  type TagOptions,
} from "./store/mod.ts";

export {
  type ArtifactFormat,
  type ArtifactKind,
  checkMagic,
  choosePlatform,
  decompressed,
  findModule,
  MAGIC_BYTES,
  MAX_MODULE_BYTES,
  moduleBytes,
  type ModulePlace,
  type ModuleSource,
  type Packed,
  type PackedArtifact,
  packModule,
  type PackOptions,
  readModule,
  readTar,
  type TarEntry,
  type TarKind,
} from "./formats/mod.ts";
export { fetchFile, type FetchOptions } from "./fetch_file.ts";
export { TrustError } from "./trust/errors.ts";
export { PublicKey } from "./trust/public_key.ts";
export { PrivateKey } from "./trust/private_key.ts";
export {
  boundsForAddress,
  boundsForArtifact,
  boundsForFile,
  type PolicyBound,
} from "./trust/bounds.ts";
export { type BpfRule, type Decision, type Named, Policy, type Rule } from "./trust/policy.ts";
export { repositorySignatures, type SignatureSource, signatureTag } from "./trust/signatures.ts";
export { Guard, type Stored } from "./trust/guard.ts";
export { checkAddress, type RequirementOptions, requirementsFor } from "./trust/requirements.ts";
export {
  grantsFor,
  grantsPath,
  keepGrant,
  type KeptGrant,
  type Origin,
  readGrants,
  repositoryOf,
  revokeGrants,
  type Signer,
} from "./trust/kept_grants.ts";
export { policiesThere, policyPaths } from "./trust/policy_files.ts";
export {
  keepSignatures,
  type SignatureStore,
  storedSignatures,
  vouchingDigests,
} from "./trust/stored_signatures.ts";
export { signArtifact, type SignOptions } from "./trust/sign.ts";
export { type Question, type Requirement, type Verdict, verifySignatures } from "./trust/verify.ts";
export {
  type Arrived,
  pullArtifact,
  type PullOptions,
  pushModule,
  pushStored,
  type SendOptions,
  type TransferObserver,
  type TransferOutcome,
} from "./transfer.ts";
export * from "./catalog/mod.ts";
export {
  type JsonContext,
  type JsonLimits,
  type JsonObject,
  readJson as readUntrustedJson,
} from "./json.ts";
export { Registry, type RegistryOptions } from "./registry/registry.ts";
export { Repository, type RepositoryPushOptions } from "./registry/repository.ts";
export { type RawManifest } from "./registry/manifests.ts";
export { type ConnectionOptions } from "./registry/connection.ts";
export { type Timing } from "./registry/retry.ts";
export { type RetryNotice } from "./registry/retrying.ts";
export { type Credential, type CredentialSource } from "./credentials/auth_file.ts";
export { storedCredentials, type StoredOptions } from "./credentials/lookup.ts";
export { forgetCredential, keepCredential, type KeptIn } from "./credentials/edit.ts";
export { CredentialError } from "./credentials/errors.ts";
export { type Surroundings } from "./credentials/locations.ts";
export { type GadgetParts } from "./gadget.ts";
