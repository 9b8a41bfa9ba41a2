/**
 * The door for a run from the store: what finds a module that is there, and no more. All else of this
 * folder is behind `mod.ts`.
 */
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
