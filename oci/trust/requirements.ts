/** What must hold for one artifact, by all who have a say in it. */
import { withoutSecrets } from "../errors.ts";
import { formatReference } from "../reference.ts";
import { addressNames } from "./address_name.ts";
import { TrustError } from "./errors.ts";
import type { Named, Rule } from "./policy.ts";
import { policiesThere, readKeyFile, readPolicy, readPolicyKey } from "./policy_files.ts";
import type { Requirement } from "./verify.ts";

/** Who has a say. */
export interface RequirementOptions {
  /** Files of `--verify-key`: a signature by each of them is wanted. */
  readonly verifyKeys?: readonly string[] | undefined;
  /** Policies; those of the machine and the user when not given. */
  readonly policies?: readonly string[] | undefined;
}

/**
 * Who must have signed an artifact. The command line can add to what policies want, and not take away
 * from it.
 *
 * @returns nothing to be met, where there is neither a key nor a policy or policies accept it as it is
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
 * Checks that policies accept a module from an address, which nobody can have signed: every policy must
 * have an `accept` for it. Each address on the way of redirects is checked by itself.
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
      if (decision !== "accept") throw rejected(what, `${quoted(pattern, path)} wants a signature`);
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
    const hint = `add a pattern for it there, or "*" for all that no other fits`;
    throw rejected(what, `no pattern in ${path} fits it`, hint);
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
  hint = "the policy has to say otherwise before it can be used",
): TrustError {
  return new TrustError(`Cannot use ${what}: ${reason}`, { code: "REJECTED", hint });
}
