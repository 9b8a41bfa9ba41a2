/** Policies: who must have signed what, by reference. */
import { ArtifactError, ReferenceSyntaxError } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { parseReference, type Reference } from "../reference.ts";
import { canonicalRegistry, policyRegistry, readRegistryName } from "../registry_name.ts";
import { TrustError } from "./errors.ts";

/** What a policy says about a reference: it may be used as it is, not at all, or when signed. */
export type Decision = "accept" | "reject" | {
  /** Key files, or keys in PEM themselves; a signature by one of them is enough. */
  readonly keys: readonly string[];
};

/** The part of a policy that decides. */
export interface Rule {
  /** As the policy has it. */
  readonly pattern: string;
  /** What it says. */
  readonly decision: Decision;
}

/** What a policy decides about: an artifact's name, without tag and digest. */
export type Named = Pick<Reference, "registry" | "repository">;

const LIMITS = { bytes: 2 ** 20, depth: 8, members: 20_000 };
/** As references tell a registry from the first part of a path. */
const NAMES_REGISTRY = /^(?:localhost|[^/]*[.:A-Z][^/]*)\//;

/** The form of a policy, for hints. */
const FORM = '{"references": {"ghcr.io/you/*": {"keys": ["you.pub"]}, "*": "reject"}}';
const HINT = `nothing is used until the policy is right; one looks like ${FORM}`;

/**
 * A policy, read and found right.
 *
 * ```json
 * { "references": { "ghcr.io/you/*": { "keys": ["you.pub"] }, "ghcr.io/you/old": "accept", "*": "reject" } }
 * ```
 *
 * A pattern is a repository, a registry or a part of a path with `/*` behind it for all that is below, or
 * `*` for everything. The longest one that fits decides; where none does, the reference is rejected.
 */
export class Policy {
  /** Where it stands, as errors name it. */
  readonly path: string;
  /** By the canonical form of their patterns. */
  readonly #rules: ReadonlyMap<string, Rule>;

  private constructor(path: string, rules: ReadonlyMap<string, Rule>) {
    this.path = path;
    this.#rules = rules;
  }

  /**
   * Reads a policy. Whatever is not understood is an error: a rule that was overlooked could be the one
   * that matters.
   *
   * @throws {TrustError} `BAD_POLICY`
   */
  static parse(bytes: Uint8Array, path: string): Policy {
    try {
      const json = readJson(bytes, {
        what: `the policy ${path}`,
        code: "BAD_POLICY",
        limits: LIMITS,
      });
      const text = new TextDecoder().decode(bytes);
      onlyMembers(json, ["references"]);
      return new Policy(path, readRules(json.requiredObject("references"), text));
    } catch (cause) {
      if (!(cause instanceof ArtifactError)) throw cause;
      throw new TrustError(cause.message, { code: "BAD_POLICY", hint: HINT, cause });
    }
  }

  /** The rule for a reference: its own, that of the longest pattern that fits, or none. */
  ruleFor({ registry, repository }: Named): Rule | undefined {
    const name = `${policyRegistry(canonicalRegistry(registry))}/${repository}`;
    const own = this.#rules.get(name);
    if (own !== undefined) return own;
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
      const rule = this.#rules.get(`${name.slice(0, end)}/*`);
      if (rule !== undefined) return rule;
    }
    return this.#rules.get("*");
  }
}

function readRules(json: JsonObject, text: string): Map<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const pattern of json.names()) {
    const where = `${JSON.stringify(pattern)}${lineOf(pattern, text)}`;
    const read = canonicalPattern(pattern);
    if (!("canonical" in read)) throw json.error(where, `is not a pattern: ${read.reason}`);
    const { canonical } = read;
    const other = rules.get(canonical);
    if (other !== undefined) {
      throw json.error(where, `means the same as ${JSON.stringify(other.pattern)}`);
    }
    rules.set(canonical, { pattern, decision: readDecision(json, pattern) });
  }
  if (rules.size === 0) throw json.error("*", "is missing: there is no rule at all");
  return rules;
}

function readDecision(json: JsonObject, pattern: string): Decision {
  const word = stringOrObject(json, pattern);
  if (word === "accept" || word === "reject") return word;
  if (typeof word === "string") throw json.error(pattern, `is neither "accept" nor "reject"`);
  onlyMembers(word, ["keys"]);
  const keys = word.strings("keys") ?? [];
  if (keys.length === 0) throw word.error("keys", "is empty");
  if (keys.includes("")) throw word.error("keys", "has an empty text in it");
  return { keys };
}

function stringOrObject(json: JsonObject, name: string): string | JsonObject {
  try {
    return json.string(name) ?? "";
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    return json.requiredObject(name);
  }
}

function onlyMembers(json: JsonObject, known: readonly string[]): void {
  const unknown = json.names().find((name) => !known.includes(name));
  if (unknown !== undefined) throw json.error(JSON.stringify(unknown), "is not known here");
}

const PATTERNS = "those are *, ghcr.io/you/tool, and ghcr.io/* or ghcr.io/you/* for all below";

/** Returns the place of a pattern in the policy's text, such as ` (line 3)`, where that is certain. */
function lineOf(pattern: string, text: string): string {
  const [before = "", ...more] = text.split(JSON.stringify(pattern));
  return more.length === 1 ? ` (line ${before.split("\n").length})` : "";
}

/** Brings a pattern into the form in which rules are looked up, or returns what is wrong with it. */
function canonicalPattern(pattern: string): { canonical: string } | { reason: string } {
  if (pattern === "*") return { canonical: pattern };
  // In a reference such a word is a part of a path on Docker Hub: here it would never match.
  if (!NAMES_REGISTRY.test(pattern)) return { reason: PATTERNS };
  const isPrefix = pattern.endsWith("/*");
  const [registry = "", ...path] = (isPrefix ? pattern.slice(0, -2) : pattern).split("/");
  const read = readRegistryName(registry);
  if (!("name" in read)) {
    return { reason: read.hint === undefined ? read.reason : `${read.reason}, ${read.hint}` };
  }
  const host = policyRegistry(read.name);
  if (isPrefix && path.length === 0) return { canonical: `${host}/*` };
  // A repository of one word on Docker Hub is library's; a part of a path is not.
  const completed = (isPrefix ? [...path, "x"] : path).join("/");
  if (/[@:]/.test(completed)) return { reason: "a pattern has neither a tag nor a digest" };
  try {
    const { repository } = parseReference(`oci://${registry}/${completed}`);
    return { canonical: `${host}/${isPrefix ? repository.replace(/x$/, "*") : repository}` };
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return { reason: error.reason };
    throw error;
  }
}
