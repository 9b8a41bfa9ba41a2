/**
 * Entry point for runs from the store: finds a stored module. `mod.ts` is the entry point for everything
 * else.
 */
export { PERMISSIONS } from "./descriptor.ts";
export { ReferenceSyntaxError } from "./errors.ts";
export { parseReference, type Reference } from "./reference.ts";
export { readRegistryName } from "./registry_name.ts";
export {
  lookUp,
  type LookupOptions,
  readPlainModule,
  type StoredArtifact,
} from "./store/lookup.ts";
export { policiesThere } from "./trust/policy_files.ts";
export {
  grantsFor,
  keepGrant,
  type KeptGrant,
  type Origin,
  repositoryOf,
} from "./trust/kept_grants.ts";
