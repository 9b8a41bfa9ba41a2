/** The local store: an OCI image layout that several processes read and change at once. */
export { describeEntry, type Description } from "./describe.ts";
export { StoreError } from "./errors.ts";
export { fileSource, openFileSource } from "./file_stream.ts";
export { type Checked, fsck } from "./fsck.ts";
export { ADDED, ATTACHED_TO, CHOSEN_FROM, type IndexEntry } from "./layout.ts";
export { storePath } from "./location.ts";
export {
  lookUp,
  type LookupOptions,
  readGadget,
  readPlainModule,
  type StoredArtifact,
} from "./lookup.ts";
export { findInStore, isListed, storedName } from "./names.ts";
export { type Pruned } from "./prune.ts";
export { Store, type TagOptions } from "./store.ts";
