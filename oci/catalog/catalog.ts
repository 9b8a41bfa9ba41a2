/** Catalogue of a hub: a JSON document that names tools and pins each version's digest. */
import { HostError } from "../errors.ts";
import { type JsonContext, type JsonLimits, type JsonObject, readJson } from "../json.ts";
import { formatReference, parseReference, type Reference } from "../reference.ts";
import { compareVersions, isVersion } from "./version.ts";

/** Catalogue. */
export interface Catalog {
  /** Identity that its publisher keeps: a hub's catalogue under another name is refused. */
  readonly name: string;
  /** Number that grows with every catalogue; an older one than seen before is refused. */
  readonly serial: number;
  /** Time of its creation, RFC 3339. */
  readonly created: string;
  /** Tools, by name. */
  readonly tools: readonly CatalogTool[];
}

/** Tool of a catalogue. */
export interface CatalogTool {
  /** Name: lower-case letters, digits and dashes, a letter first. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** SPDX expression. */
  readonly licence?: string;
  /** Web page. */
  readonly home?: string;
  /** Words to find it by. */
  readonly keywords: readonly string[];
  /** Versions, the newest first; at least one. */
  readonly versions: readonly CatalogVersion[];
}

/** Version of a tool. */
export interface CatalogVersion {
  /** Version such as `1.2.0`. */
  readonly version: string;
  /** `registry/repository@digest`, in full. */
  readonly reference: string;
  /** Content: a WebAssembly module, an eBPF object, or a package of one. */
  readonly kind: ToolKind;
  /** Levels of permissions that its eBPF programs need; a module that needs more is not installed. */
  readonly permissions: readonly string[];
  /** Oldest kernel, such as `5.8`. */
  readonly kernels: { readonly minimum: string };
  /** Machines that it runs on, in Deno's names: `x86_64`, `aarch64`. */
  readonly architectures: readonly string[];
}

/** Kinds of content. */
export const TOOL_KINDS = ["module", "object", "package"] as const;

/** Kind of content. */
export type ToolKind = typeof TOOL_KINDS[number];

/** Code of errors about a catalogue's members. */
const CODE = "NOT_A_CATALOG";
const SCHEMA = 1;

/** Limits of the document. */
export const CATALOG_LIMITS: JsonLimits = { bytes: 8 * 2 ** 20, depth: 8, members: 400_000 };
const MAX_TOOLS = 10_000;
const MAX_VERSIONS = 200;
const MAX_KEYWORDS = 32;
const MAX_SUMMARY = 200;
const MAX_HOME = 512;

/** Forms of members, as in `docs/catalog.schema.json`. */
export const CATALOG_FORMS = {
  /** A name becomes a file's name and a command: no path and no option looks like one. */
  name: /^[a-z][a-z0-9-]{0,62}$/,
  /** Keywords and architectures. */
  word: /^[a-z0-9][a-z0-9.+_-]{0,39}$/,
  /** Levels of permissions. */
  level: /^[a-z][a-z-]{0,19}$/,
  /** SPDX expressions. */
  licence: /^[A-Za-z0-9.+()\- ]{1,100}$/,
  /** Versions of kernels. */
  kernel: /^\d{1,3}\.\d{1,3}$/,
  /** Times, RFC 3339 in UTC. */
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
} as const;
const { name: NAME, word: WORD, level: LEVEL, licence: LICENCE, kernel: KERNEL, time: TIME } =
  CATALOG_FORMS;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/** Reports whether a text can name a tool or a hub. */
export function isToolName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Reads a catalogue.
 *
 * @param what its name in errors
 * @throws {ArtifactError} `BAD_JSON`, `TOO_LARGE`, `NOT_A_CATALOG`: also for repeated members, tools and
 *   versions, names that are paths, text with control characters, and references without a digest
 */
export function parseCatalog(bytes: Uint8Array, what: string): Catalog {
  const context: JsonContext = { what, code: CODE };
  const json = readJson(bytes, { ...context, limits: CATALOG_LIMITS });
  if (json.count("schemaVersion") !== SCHEMA) {
    throw json.error("schemaVersion", `is not ${SCHEMA}: a newer wasm-bpf may read it`);
  }
  const tools = json.objects("tools");
  if (tools === undefined) throw json.error("tools", "is missing");
  if (tools.length > MAX_TOOLS) throw json.error("tools", `has more than ${MAX_TOOLS} elements`);
  const catalog = {
    name: matching(json, "name", NAME),
    serial: json.requiredCount("serial"),
    created: matching(json, "created", TIME),
    tools: tools.map(readTool),
  };
  const seen = new Set<string>();
  catalog.tools.forEach(({ name }, i) => {
    if (seen.has(name)) throw json.error(`tools[${i}].name`, `repeats "${name}"`);
    seen.add(name);
  });
  return catalog;
}

/** Returns a catalogue as it is published: indented JSON, tools by name, versions newest first. */
export function formatCatalog({ tools, ...rest }: Catalog): string {
  const sorted = [...tools].sort((a, b) => a.name < b.name ? -1 : Number(a.name > b.name));
  return `${JSON.stringify({ schemaVersion: SCHEMA, ...rest, tools: sorted }, null, 2)}\n`;
}

function readTool(json: JsonObject): CatalogTool {
  const licence = optional(json, "licence", LICENCE);
  const home = homeOf(json);
  const versions = (json.objects("versions") ?? []).map(readVersion);
  if (versions.length === 0) throw json.error("versions", "is missing or empty");
  if (versions.length > MAX_VERSIONS) {
    throw json.error("versions", `has more than ${MAX_VERSIONS} elements`);
  }
  versions.sort((a, b) => compareVersions(b.version, a.version));
  versions.forEach(({ version }, i) => {
    const next = versions[i + 1];
    if (next !== undefined && compareVersions(version, next.version) === 0) {
      throw json.error("versions", `has "${next.version}" twice`);
    }
  });
  return {
    name: matching(json, "name", NAME),
    summary: lineOf(json, "summary", MAX_SUMMARY),
    ...(licence === undefined ? {} : { licence }),
    ...(home === undefined ? {} : { home }),
    keywords: words(json, "keywords", WORD, MAX_KEYWORDS),
    versions,
  };
}

function readVersion(json: JsonObject): CatalogVersion {
  const version = json.requiredString("version");
  if (!isVersion(version)) throw json.error("version", "is not a version such as 1.2.0");
  const kind = TOOL_KINDS.find((one) => one === json.requiredString("kind"));
  if (kind === undefined) throw json.error("kind", `is not one of ${TOOL_KINDS.join(", ")}`);
  const architectures = words(json, "architectures", WORD, MAX_KEYWORDS);
  if (architectures.length === 0) throw json.error("architectures", "is missing or empty");
  return {
    version,
    reference: formatReference(readPinned(json)),
    kind,
    permissions: words(json, "permissions", LEVEL, MAX_KEYWORDS),
    kernels: { minimum: matching(json.requiredObject("kernels"), "minimum", KERNEL) },
    architectures,
  };
}

/** Returns the reference, which must be complete and pinned: readers then agree on what it names. */
function readPinned(json: JsonObject): Reference {
  const text = json.requiredString("reference");
  const reference = pinnedReference(text);
  if (reference === undefined) {
    throw json.error("reference", "is not a complete registry/repository@digest");
  }
  return reference;
}

/** Returns a reference that is written as `registry/repository@digest`, in full; undefined for others. */
export function pinnedReference(text: string): Reference | undefined {
  try {
    const reference = parseReference(text);
    const isPinned = reference.digest !== undefined && reference.tag === undefined;
    return isPinned && formatReference(reference) === text ? reference : undefined;
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

function matching(json: JsonObject, name: string, pattern: RegExp): string {
  const text = json.requiredString(name);
  if (!pattern.test(text)) throw json.error(name, `is not of the form ${pattern.source}`);
  return text;
}

function optional(json: JsonObject, name: string, pattern: RegExp): string | undefined {
  return json.has(name) ? matching(json, name, pattern) : undefined;
}

/** Returns a text of one line; control characters could rewrite a terminal. */
function lineOf(json: JsonObject, name: string, limit: number): string {
  const text = json.requiredString(name);
  if (text === "" || text.length > limit) {
    throw json.error(name, `is empty or longer than ${limit} characters`);
  }
  if (CONTROLS.test(text)) throw json.error(name, "has control or invisible characters");
  return text;
}

function words(json: JsonObject, name: string, pattern: RegExp, limit: number): string[] {
  const given = json.strings(name) ?? [];
  if (given.length > limit) throw json.error(name, `has more than ${limit} elements`);
  given.forEach((word, i) => {
    if (!pattern.test(word)) {
      throw json.error(`${name}[${i}]`, `is not of the form ${pattern.source}`);
    }
  });
  return [...new Set(given)];
}

/** Returns the web page; only addresses that a browser opens without running them. */
function homeOf(json: JsonObject): string | undefined {
  if (!json.has("home")) return undefined;
  const text = lineOf(json, "home", MAX_HOME);
  const url = URL.parse(text);
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "";
  if (!isWeb) throw json.error("home", "is not an http or https address without credentials");
  return url.href;
}
