/**
 * Permissions of eBPF programs: levels, the table of helpers and kernel functions, and the policy of a
 * run. `docs/permissions.md` has them for users.
 *
 * @module
 */
export { ATTACH_KINDS, type AttachKind, attachRule, type AttachWord } from "./attach_words.ts";
export { helperEntries, type HelperEntry, kfuncEntries } from "./entries.ts";
export { type Kind, KINDS, levelOfKind, levelsOfKind } from "./kinds.ts";
export {
  type Bound,
  DEFAULT_LEVELS,
  type Entry,
  GRANTABLE_LEVELS,
  type GrantableLevel,
  type Group,
  type Level,
  LEVELS,
  type Permissions,
} from "./levels.ts";
export { type PermissionLimits, Policy } from "./policy.ts";
export { explainAttachRefusal } from "./attach_refusal.ts";
export { explainRefusal, type Refusal } from "./refusal.ts";
export { PermissionError } from "./errors.ts";
