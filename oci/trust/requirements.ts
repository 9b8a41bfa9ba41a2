/** Requirements for one artifact, from policies and options. */
import { withoutSecrets } from "../errors.ts";
import { formatReference } from "../reference.ts";
import { addressNames } from "./address_name.ts";
import { TrustError } from "./errors.ts";
import type { Named, Rule } from "./policy.ts";
import { policiesThere, readKeyFile, readPolicy, readPolicyKey } from "./policy_files.ts";
import type { Requirement } from "./verify.ts";

/** Sources of requirements. */
export interface RequirementOptions {
  /** Files of `--verify-key`: a signature by each of them is required. */
  readonly verifyKeys?: readonly string[] | undefined;
  /** Policies. Default: those of the machine and the user. */
  readonly policies?: readonly string[] | undefined;
}

/**
 * Returns the signatures that an artifact needs. Options can only add to the requirements of policies.
 *
 * @returns an empty list without keys and policies, or when policies accept it unsigned
 * @throws {TrustError} `REJECTED`, `BAD_POLICY`, `BAD_KEY`
 */
export function requirementsFor(name: Named, options: RequirementOptions = {}): Requirement[] {
  const requirements: Requirement[] = (options.verifyKeys ?? []).map((path) => ({
    source: `--verify-key ${path}`,
    keys: [readKeyFile(path)],
  }));
  for (const path of options.policies ?? policiesThere()) {
    const { decision, pattern } = decide(name, { what: nameOf(name), path });
    if (decision === "accept") continue;
    const keys = decision.keys.map((key) => readPolicyKey(key, path));
    requirements.push({ source: `${JSON.stringify(pattern)} in ${path}`, keys });
  }
  return requirements;
}

/**
 * Checks that policies accept a module from an address, which cannot have signatures: every policy must
 * have an `accept` for it. The caller checks each address of a chain of redirects.
 *
 * @throws {TrustError} `REJECTED`, `BAD_POLICY`
 */
export function checkAddress(url: URL, options: RequirementOptions = {}): void {
  const policies = options.policies ?? policiesThere();
  if (policies.length === 0) return;
  const what = withoutSecrets(url);
  const read = addressNames(url);
  if ("reason" in read) throw rejected(what, read.reason, "write the address in normal form");
  for (const path of policies) {
    for (const name of read.names) {
      const { decision, pattern } = decide(name, { what, path });
      if (decision !== "accept") {
        throw rejected(what, `${quoted(pattern, path)} requires a signature`);
      }
    }
  }
}

function decide(
  name: Named,
  asked: { what: string; path: string },
): { pattern: string; decision: Exclude<Rule["decision"], "reject"> } {
  const { what, path } = asked;
  const rule = readPolicy(path).ruleFor(name);
  if (rule === undefined) {
    const hint = `add a pattern for it, or the default pattern "*"`;
    throw rejected(what, `no pattern in ${path} matches`, hint);
  }
  const { pattern, decision } = rule;
  if (decision === "reject") throw rejected(what, `${quoted(pattern, path)} rejects it`);
  return { pattern, decision };
}

function nameOf({ registry, repository }: Named): string {
  return formatReference({ registry, repository });
}

function quoted(pattern: string, path: string): string {
  return `${JSON.stringify(pattern)} in ${path}`;
}

function rejected(
  what: string,
  reason: string,
  hint = "change the policy to use it",
): TrustError {
  return new TrustError(`Cannot use ${what}: ${reason}`, { code: "REJECTED", hint });
}
