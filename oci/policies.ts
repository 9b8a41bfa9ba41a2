/**
 * Entry point for the start of a run: reports whether there are policies. `mod.ts` is the entry point
 * for everything else.
 */
export { policiesThere } from "./trust/policy_paths.ts";
