/** Bounds that policies have for eBPF programs, by artifact, address or file. */
import { fileFailure } from "../errors.ts";
import { addressNames } from "./address_name.ts";
import { TrustError } from "./errors.ts";
import type { BpfRule, Named, Policy, Rule } from "./policy.ts";
import { policiesThere, readPolicy } from "./policy_files.ts";

/** Bounds of one policy's rule. */
export interface PolicyBound extends BpfRule {
  /** Rule and file for messages, such as `"ghcr.io/you/*" in /etc/wasm-bpf/policy.json (line 3)`. */
  readonly source: string;
}

/**
 * Returns the bounds for an artifact, one for each policy that has some. Whether policies accept it is
 * decided elsewhere.
 *
 * @throws {TrustError} `BAD_POLICY`
 */
export function boundsForArtifact(name: Named, policies = policiesThere()): PolicyBound[] {
  return boundsBy((policy) => [policy.ruleFor(name)], policies);
}

/**
 * Returns the bounds for a module from an address: those of all of its names.
 *
 * @throws {TrustError} `BAD_POLICY`
 */
export function boundsForAddress(url: URL, policies = policiesThere()): PolicyBound[] {
  const read = addressNames(url);
  const names = "reason" in read ? [] : read.names;
  return boundsBy((policy) => names.map((name) => policy.ruleFor(name)), policies);
}

/**
 * Returns the bounds for a local file; none without a `file:` pattern that matches.
 *
 * @param path undefined for standard input
 * @throws {TrustError} `REJECTED`, `BAD_POLICY`
 */
export function boundsForFile(path: string | undefined, policies = policiesThere()): PolicyBound[] {
  if (policies.length === 0) return [];
  const real = path === undefined ? undefined : realPath(path);
  return boundsBy((policy) => {
    const rule = policy.ruleForFile(real);
    if (rule?.decision === "reject") {
      throw new TrustError(
        `Cannot use ${path ?? "standard input"}: ${sourceOf(rule, policy)} rejects it`,
        { code: "REJECTED", hint: "change the policy to use it" },
      );
    }
    return [rule];
  }, policies);
}

function boundsBy(
  find: (policy: Policy) => (Rule | undefined)[],
  policies: readonly string[],
): PolicyBound[] {
  return policies.flatMap((path) => {
    const policy = readPolicy(path);
    return find(policy).flatMap((rule) =>
      rule?.bpf === undefined ? [] : [{ ...rule.bpf, source: sourceOf(rule, policy) }]
    );
  });
}

function sourceOf({ pattern, place }: Rule, { path }: Policy): string {
  return `${JSON.stringify(pattern)} in ${path}${place}`;
}

/** A link has the rule of the file that it leads to. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (cause) {
    const { code, reason } = fileFailure(cause);
    throw new TrustError(`Cannot use ${path}: ${reason}`, { code, cause });
  }
}
