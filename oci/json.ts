/**
 * Reads untrusted JSON: checks its bounds first, then gives typed access to members. Finds what parsers
 * interpret differently: repeated members, lone surrogates, too large numbers.
 */
import { ArtifactError, shorten } from "./errors.ts";

/** Limits of a document. */
export interface JsonLimits {
  /** Bytes of UTF-8. */
  bytes: number;
  /** Nesting depth of arrays and objects. */
  depth: number;
  /** Total of object members and array elements. */
  members: number;
}

/** Limits of a manifest. The distribution specification requires registries to accept 4 MiB. */
export const MANIFEST_LIMITS: JsonLimits = { bytes: 4 * 1024 ** 2, depth: 32, members: 50_000 };

/** Name of a document in errors, and the code of its errors. */
export interface JsonContext {
  /** Name in "Cannot read WHAT: …": `the manifest of ghcr.io/you/tool:v1`. */
  what: string;
  /** Code of errors about its structure; invalid JSON is always `BAD_JSON`. */
  code: string;
  /** Accept repeated members, of which the last one counts; refused otherwise. */
  canRepeat?: boolean;
  /** Returns the reason to refuse a parsed document; undefined to accept it. */
  objection?: (value: unknown) => string | undefined;
}

/**
 * Reads a document whose outermost value is an object.
 *
 * @throws {ArtifactError} `TOO_LARGE` beyond the limits, `BAD_JSON` when it is not JSON in UTF-8 without
 *   a byte order mark, and the context's code when it is not an object or repeats a member
 */
export function readJson(
  bytes: Uint8Array,
  options: JsonContext & { limits?: JsonLimits },
): JsonObject {
  const { what, limits = MANIFEST_LIMITS } = options;
  if (bytes.length > limits.bytes) {
    throw tooLarge(
      what,
      `its size is ${bytes.length} bytes, more than the limit of ${limits.bytes}`,
    );
  }
  checkNesting(bytes, what, limits);
  let value: unknown, text: string;
  try {
    // RFC 8259, section 8.1: no byte order mark. Go refuses one.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArtifactError(`Cannot read ${what}: it is not JSON`, { code: "BAD_JSON", cause });
  }
  const repeated = options.canRepeat === true ? undefined : repeatedMember(text);
  if (repeated !== undefined) {
    throw shapeError(options, JSON.stringify(shorten(repeated)), "is repeated");
  }
  const objection = options.objection?.(value);
  if (objection !== undefined) {
    throw new ArtifactError(`Cannot read ${what}: ${objection}`, { code: options.code });
  }
  return JsonObject.of(value, "", options);
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c;
const OPEN_LIST = 0x5b, OPEN_OBJECT = 0x7b, CLOSE_LIST = 0x5d, CLOSE_OBJECT = 0x7d;

/** Checks depth and members in one pass over the bytes, before they are parsed. */
function checkNesting(bytes: Uint8Array, what: string, limits: JsonLimits): void {
  let depth = 0, members = 0, inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
      continue;
    }
    if (byte === QUOTE) inText = true;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA) members++;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth++;
      members++;
    }
    if (depth > limits.depth) throw tooLarge(what, `it nests deeper than ${limits.depth}`);
    if (members > limits.members) {
      throw tooLarge(what, `it has more than ${limits.members} members`);
    }
  }
}

function tooLarge(what: string, reason: string): ArtifactError {
  return new ArtifactError(`Cannot read ${what}: ${reason}`, { code: "TOO_LARGE" });
}

/** An object of a document. Members that are `null` count as absent. */
export class JsonObject {
  readonly #members: object;
  readonly #path: string;
  readonly #context: JsonContext;

  private constructor(members: object, path: string, context: JsonContext) {
    this.#members = members;
    this.#path = path;
    this.#context = context;
  }

  /** Returns a view of `value` at `path` (such as `layers[0]`, or "" for the outermost). */
  static of(value: unknown, path: string, context: JsonContext): JsonObject {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw shapeError(context, path, "is not an object");
    }
    return new JsonObject(value, path, context);
  }

  /** Returns the names of all members. */
  names(): string[] {
    return Object.keys(this.#members);
  }

  /** Reports whether a member exists and is not `null`. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** Returns a string, or undefined when absent. */
  string(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.error(name, "is not a string");
  }

  /** Returns a required string. */
  requiredString(name: string): string {
    return this.string(name) ?? this.#absent(name);
  }

  /** Returns an integer from 0 to 2^53 - 1, or undefined when absent. */
  count(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.error(name, "is not a non-negative integer");
  }

  /** Returns a required number, as {@linkcode count} does. */
  requiredCount(name: string): number {
    return this.count(name) ?? this.#absent(name);
  }

  /** Returns an object, or undefined when absent. */
  object(name: string): JsonObject | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    return JsonObject.of(value, this.#at(name), this.#context);
  }

  /** Returns a required object. */
  requiredObject(name: string): JsonObject {
    return this.object(name) ?? this.#absent(name);
  }

  /** Returns the objects of an array, or undefined when absent. */
  objects(name: string): JsonObject[] | undefined {
    return this.#array(name)?.map((value, index) =>
      JsonObject.of(value, `${this.#at(name)}[${index}]`, this.#context)
    );
  }

  /** Returns the strings of an array, or undefined when absent. */
  strings(name: string): string[] | undefined {
    return this.#array(name)?.map((value, index) => {
      if (typeof value === "string") return value;
      throw this.error(`${name}[${index}]`, "is not a string");
    });
  }

  /** Returns a member as text: a string as it is, other values as JSON; undefined when absent. */
  asText(name: string): string | undefined {
    const value = this.#get(name);
    return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
  }

  /** Returns an object whose members are all strings, such as annotations; empty when absent. */
  texts(name: string): Map<string, string> {
    const object = this.object(name);
    return new Map((object?.names() ?? []).map((key) => [key, object?.requiredText(key) ?? ""]));
  }

  /** Returns a required string, which Go may write as `null`. */
  requiredText(name: string): string {
    return this.string(name) ?? "";
  }

  /** Returns an error about a member, with the code of the document. */
  error(name: string, reason: string): ArtifactError {
    return shapeError(this.#context, this.#at(name), reason);
  }

  #array(name: string): unknown[] | undefined {
    const value = this.#get(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.error(name, "is not an array");
  }

  #get(name: string): unknown {
    const value = Object.hasOwn(this.#members, name)
      ? (this.#members as Record<string, unknown>)[name]
      : undefined;
    return value === null ? undefined : value;
  }

  #at(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  #absent(name: string): never {
    throw this.error(name, "is missing");
  }
}

function shapeError(context: JsonContext, path: string, reason: string): ArtifactError {
  const where = path === "" ? "it" : shorten(path);
  return new ArtifactError(`Cannot read ${context.what}: ${where} ${reason}`, {
    code: context.code,
  });
}

/**
 * Returns the name of a repeated member of an object in the document, if there is one: readers differ in
 * the member that they use. Go's decoder, which most registries and tools use, ignores the case of names.
 *
 * @param text JSON that `JSON.parse` accepts
 */
export function repeatedMember(text: string): string | undefined {
  const open: Set<string>[] = [];
  // Ten times as fast as a regular expression on long texts.
  let start = 0, end = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      start = at;
      at = end = closingQuote(text, at);
    } else if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    else if (character === ":") {
      const name = JSON.parse(text.slice(start, end + 1)) as string;
      const folded = name.toUpperCase().toLowerCase();
      if (open.at(-1)?.has(folded)) return name;
      open.at(-1)?.add(folded);
    }
  }
  return undefined;
}

function closingQuote(text: string, opening: number): number {
  for (let at = opening + 1;; at++) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote;
  }
}

/**
 * Returns the reason why a parsed document is ambiguous; undefined when it is not.
 *
 * Lone surrogates are refused, which other parsers replace by one character, and numbers that exceed a
 * double. The caller bounds the nesting first, as {@linkcode readJson} does.
 */
export function ambiguityIn(value: unknown): string | undefined {
  if (typeof value === "string" && !value.isWellFormed()) {
    return "a string has a lone surrogate";
  }
  if (typeof value === "number" && !Number.isFinite(value)) return "a number is too large";
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const objection = ambiguityIn(name) ?? ambiguityIn(member);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

/**
 * Refuses an object with a member that case-insensitive parsers, such as Go's, would read as one of
 * `expected`.
 *
 * @throws {ArtifactError} with the document's code
 */
export function checkSpelling(object: JsonObject, expected: readonly string[]): void {
  // Simple case folding, including the two letters outside ASCII that fold into it.
  const folded = new RegExp(`^(?:${expected.join("|")})$`, "iu");
  const odd = object.names().find((name) => folded.test(name) && !expected.includes(name));
  if (odd !== undefined) throw object.error(odd, "differs from a known member only in case");
}
