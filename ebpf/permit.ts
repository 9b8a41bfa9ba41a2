/** Hands a run's permissions to the gates of the shim. */
import { AttachRules, type BpfObject } from "../ffi/mod.ts";
import type { Policy } from "./permissions/policy.ts";

/**
 * Makes the rules of where a run's programs may be attached. What the words name is looked up now: call
 * it before the guest's first instruction.
 *
 * @returns undefined without words for places; the caller closes the others after the run
 */
export function attachRulesOf(policy: Policy): AttachRules | undefined {
  const lines = policy.attachRules;
  const { maxFrequency = 0 } = policy;
  return lines === "" && maxFrequency === 0 ? undefined : AttachRules.create(lines, maxFrequency);
}

/**
 * Sets what an opened object may load, and where it may be attached. Before its load, which otherwise
 * refuses every program.
 *
 * @returns 0 or a negative errno
 */
export function permitObject(
  object: BpfObject,
  policy: Policy,
  rules: AttachRules | undefined,
): number {
  const permitted = object.permit(policy.bytes);
  return permitted < 0 || rules === undefined ? permitted : object.limitAttach(rules);
}
