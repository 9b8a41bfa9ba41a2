/** Policies: required signatures by reference. */
import { ArtifactError, ReferenceSyntaxError } from "../errors.ts";
import { type JsonObject, readJson } from "../json.ts";
import { parseReference, type Reference } from "../reference.ts";
import { canonicalRegistry, policyRegistry, readRegistryName } from "../registry_name.ts";
import { TrustError } from "./errors.ts";

/** Decision about a reference: accepted unsigned, rejected, or required to be signed. */
export type Decision = "accept" | "reject" | {
  /** Key files, or keys in PEM; a signature by one of them is sufficient. */
  readonly keys: readonly string[];
};

/** Upper bounds of what eBPF programs may do, in the words of permissions; absent means unbounded. */
export interface BpfRule {
  /** Levels that are allowed. */
  readonly levels?: readonly string[];
  /** Places that programs may be attached to. */
  readonly attach?: readonly string[];
  /** Levels, helpers, kernel functions and places that are refused. */
  readonly deny?: readonly string[];
  /** Bytes, or a size with a unit such as `64M`. */
  readonly maxMapsMemory?: number | string;
}

/** Rule of a policy. */
export interface Rule {
  /** Pattern, as written in the policy. */
  readonly pattern: string;
  /** Position in the file for messages, such as ` (line 3)`; empty if ambiguous. */
  readonly place: string;
  /** Decision. */
  readonly decision: Decision;
  /** Bounds of eBPF programs. */
  readonly bpf?: BpfRule;
}

/** Name of an artifact without tag and digest, which a policy decides about. */
export type Named = Pick<Reference, "registry" | "repository">;

const LIMITS = { bytes: 2 ** 20, depth: 8, members: 20_000 };
/** Start of a pattern with a registry, by the rule of references. */
const NAMES_REGISTRY = /^(?:localhost|[^/]*[.:A-Z][^/]*)\//;

/** Example of a policy, for hints. */
const FORM = '{"references": {"ghcr.io/you/*": {"keys": ["you.pub"]}, "*": "reject"}}';
const HINT = `correct the policy, such as ${FORM}`;

/**
 * Valid policy.
 *
 * ```json
 * { "references": { "ghcr.io/you/*": { "keys": ["you.pub"] }, "ghcr.io/you/old": "accept", "*": "reject" } }
 * ```
 *
 * A pattern is a repository, a registry or path prefix with `/*`, or `*`; or `file:` and a path of
 * local files. The longest matching pattern
 * decides; without a match, the reference is rejected.
 */
export class Policy {
  /** Path of the file, for errors. */
  readonly path: string;
  /** Rules by canonical pattern. */
  readonly #rules: ReadonlyMap<string, Rule>;

  private constructor(path: string, rules: ReadonlyMap<string, Rule>) {
    this.path = path;
    this.#rules = rules;
  }

  /**
   * Parses a policy. Unknown members are errors: an ignored rule could be the important one.
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

  /** Returns the rule of the longest pattern that matches a reference; undefined without a match. */
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

  /**
   * Returns the rule of the longest `file:` pattern that matches a local file; undefined without a
   * match, which leaves the file alone.
   *
   * @param path without links; undefined for standard input, which only `file:*` matches
   */
  ruleForFile(path: string | undefined): Rule | undefined {
    if (path !== undefined) {
      const own = this.#rules.get(`${FILE}${path}`);
      if (own !== undefined) return own;
      for (let end = path.lastIndexOf("/"); end >= 0; end = path.lastIndexOf("/", end - 1)) {
        const rule = this.#rules.get(`${FILE}${path.slice(0, end)}/*`);
        if (rule !== undefined) return rule;
        if (end === 0) break;
      }
    }
    return this.#rules.get(`${FILE}*`);
  }
}

/** Start of patterns for local files. */
const FILE = "file:";

function readRules(json: JsonObject, text: string): Map<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const pattern of json.names()) {
    const where = `${JSON.stringify(pattern)}${lineOf(pattern, text)}`;
    const read = canonicalPattern(pattern);
    if (!("canonical" in read)) throw json.error(where, `is not a valid pattern: ${read.reason}`);
    const { canonical } = read;
    const other = rules.get(canonical);
    if (other !== undefined) {
      throw json.error(where, `is the same pattern as ${JSON.stringify(other.pattern)}`);
    }
    const rule = { pattern, place: lineOf(pattern, text), ...readDecision(json, pattern) };
    if (pattern.startsWith(FILE) && typeof rule.decision === "object") {
      throw json.error(
        where,
        'is a file, which has no signatures: use "accept", "reject" or "bpf"',
      );
    }
    rules.set(canonical, rule);
  }
  if (rules.size === 0) throw json.error("*", "is missing: a policy needs at least one rule");
  return rules;
}

function readDecision(json: JsonObject, pattern: string): Pick<Rule, "decision" | "bpf"> {
  const word = stringOrObject(json, pattern);
  if (word === "accept" || word === "reject") return { decision: word };
  if (typeof word === "string") throw json.error(pattern, `is neither "accept" nor "reject"`);
  onlyMembers(word, ["keys", "bpf"]);
  const bounds = word.object("bpf");
  const bpf = bounds === undefined ? {} : { bpf: readBpf(bounds) };
  const keys = word.strings("keys");
  if (keys === undefined && bounds !== undefined) return { decision: "accept", ...bpf };
  if (keys === undefined || keys.length === 0) throw word.error("keys", "is empty");
  if (keys.includes("")) throw word.error("keys", "contains an empty string");
  return { decision: { keys }, ...bpf };
}

function readBpf(json: JsonObject): BpfRule {
  onlyMembers(json, ["levels", "attach", "deny", "maxMapsMemory"]);
  const lists = (["levels", "attach", "deny"] as const).flatMap((name) => {
    const words = json.strings(name);
    return words === undefined ? [] : [[name, words] as const];
  });
  const text = json.asText("maxMapsMemory");
  if (text !== undefined && !/^\d/.test(text)) throw json.error("maxMapsMemory", "is not a size");
  const size = text === undefined ? {} : {
    maxMapsMemory: /^\d+$/.test(text) ? json.count("maxMapsMemory") ?? 0 : text,
  };
  return { ...Object.fromEntries(lists), ...size };
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
  if (unknown !== undefined) throw json.error(JSON.stringify(unknown), "is an unknown member");
}

const PATTERNS = "use *, ghcr.io/you/tool, ghcr.io/* or ghcr.io/you/*";

/** Returns the position of a pattern in the policy, such as ` (line 3)`, if it is unambiguous. */
function lineOf(pattern: string, text: string): string {
  const [before = "", ...more] = text.split(JSON.stringify(pattern));
  return more.length === 1 ? ` (line ${before.split("\n").length})` : "";
}

/** Returns the canonical form of a pattern, or the reason why it is invalid. */
function canonicalPattern(pattern: string): { canonical: string } | { reason: string } {
  if (pattern.startsWith(FILE)) {
    return isFilePattern(pattern.slice(FILE.length))
      ? { canonical: pattern }
      : { reason: "use file:/absolute/path, file:/directory/* or file:*" };
  }
  if (pattern === "*") return { canonical: pattern };
  // References treat such a first part as a path on Docker Hub, so the pattern would never match.
  if (!NAMES_REGISTRY.test(pattern)) return { reason: PATTERNS };
  const isPrefix = pattern.endsWith("/*");
  const [registry = "", ...path] = (isPrefix ? pattern.slice(0, -2) : pattern).split("/");
  const read = readRegistryName(registry);
  if (!("name" in read)) {
    return { reason: read.hint === undefined ? read.reason : `${read.reason}, ${read.hint}` };
  }
  const host = policyRegistry(read.name);
  if (isPrefix && path.length === 0) return { canonical: `${host}/*` };
  // A single name on Docker Hub is in library/, a path prefix is not.
  const completed = (isPrefix ? [...path, "x"] : path).join("/");
  if (/[@:]/.test(completed)) return { reason: "a pattern has no tag or digest" };
  try {
    const { repository } = parseReference(`oci://${registry}/${completed}`);
    return { canonical: `${host}/${isPrefix ? repository.replace(/x$/, "*") : repository}` };
  } catch (error) {
    if (error instanceof ReferenceSyntaxError) return { reason: error.reason };
    throw error;
  }
}

/** An absolute path in normal form, or such a directory with `/*`, or `*`. */
function isFilePattern(path: string): boolean {
  if (path === "*" || path === "/*") return true;
  const plain = path.endsWith("/*") ? path.slice(0, -2) : path;
  const [first, ...parts] = plain.split("/");
  return first === "" && parts.length > 0 &&
    parts.every((part) => !["", ".", ".."].includes(part) && !part.includes("*"));
}
