/** Reads JSON that somebody else wrote: bounded first, then by narrow questions only. */
import { ArtifactError, shorten } from "./errors.ts";
import { repeatedMember } from "./unique_members.ts";

/** How much a document may hold. */
export interface JsonLimits {
  /** Bytes of UTF-8. */
  bytes: number;
  /** Arrays and objects inside each other. */
  depth: number;
  /** Members of objects and elements of arrays, in all. */
  members: number;
}

/** The distribution specification asks registries to take manifests of at least 4 MiB. */
export const MANIFEST_LIMITS: JsonLimits = { bytes: 4 * 1024 ** 2, depth: 32, members: 50_000 };

/** A check that fails says it like this, with the document's own code. */
export interface JsonContext {
  /** What the document is, as in "Cannot read WHAT: …": `the manifest of ghcr.io/you/tool:v1`. */
  what: string;
  /** Code of the errors about its shape; `BAD_JSON` when it is not JSON at all. */
  code: string;
  /** Take members that an object has twice, of which the last counts; refused otherwise. */
  canRepeat?: boolean;
  /** Returns why a parsed document is not to be read all the same; undefined when it is. */
  objection?: (value: unknown) => string | undefined;
}

/**
 * Reads a document whose outermost value is an object.
 *
 * @throws {ArtifactError} `TOO_LARGE` beyond the limits, `BAD_JSON` when it is not JSON in UTF-8 without
 *   a byte order mark, and the context's code when it is no object or has a member twice
 */
export function readJson(
  bytes: Uint8Array,
  options: JsonContext & { limits?: JsonLimits },
): JsonObject {
  const { what, limits = MANIFEST_LIMITS } = options;
  if (bytes.length > limits.bytes) {
    throw tooLarge(what, `it has ${bytes.length} bytes, and at most ${limits.bytes} are read`);
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
    throw shapeError(options, JSON.stringify(shorten(repeated)), "is there twice");
  }
  const objection = options.objection?.(value);
  if (objection !== undefined) {
    throw new ArtifactError(`Cannot read ${what}: ${objection}`, { code: options.code });
  }
  return JsonObject.of(value, "", options);
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c;
const OPEN_LIST = 0x5b, OPEN_OBJECT = 0x7b, CLOSE_LIST = 0x5d, CLOSE_OBJECT = 0x7d;

/** One pass over the bytes, before anything is built from them. */
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

  /** A view of `value`, which stands at `path` (such as `layers[0]`, or "" for the outermost). */
  static of(value: unknown, path: string, context: JsonContext): JsonObject {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw shapeError(context, path, "is not an object");
    }
    return new JsonObject(value, path, context);
  }

  /** The names of all members. */
  names(): string[] {
    return Object.keys(this.#members);
  }

  /** Whether there is such a member, and it is not `null`. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** A text, or undefined. */
  string(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.error(name, "is not a text");
  }

  /** A text that must be there. */
  requiredString(name: string): string {
    return this.string(name) ?? this.#absent(name);
  }

  /** A whole number from 0 up to 2^53 - 1, or undefined. */
  count(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.error(name, "is not a whole number from 0 up");
  }

  /** A number as {@linkcode count} has it, that must be there. */
  requiredCount(name: string): number {
    return this.count(name) ?? this.#absent(name);
  }

  /** An object, or undefined. */
  object(name: string): JsonObject | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    return JsonObject.of(value, this.#at(name), this.#context);
  }

  /** An object that must be there. */
  requiredObject(name: string): JsonObject {
    return this.object(name) ?? this.#absent(name);
  }

  /** The objects of an array, or undefined. */
  objects(name: string): JsonObject[] | undefined {
    return this.#array(name)?.map((value, index) =>
      JsonObject.of(value, `${this.#at(name)}[${index}]`, this.#context)
    );
  }

  /** The texts of an array, or undefined. */
  strings(name: string): string[] | undefined {
    return this.#array(name)?.map((value, index) => {
      if (typeof value === "string") return value;
      throw this.error(`${name}[${index}]`, "is not a text");
    });
  }

  /** A member of any kind as text: a text as it is, anything else as JSON; undefined when absent. */
  asText(name: string): string | undefined {
    const value = this.#get(name);
    return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
  }

  /** An object whose members are all texts, such as annotations; empty when absent. */
  texts(name: string): Map<string, string> {
    const object = this.object(name);
    return new Map((object?.names() ?? []).map((key) => [key, object?.requiredText(key) ?? ""]));
  }

  /** A text that is there, and may be `null` as Go writes it. */
  requiredText(name: string): string {
    return this.string(name) ?? "";
  }

  /** An error about a member, in the document's own words. */
  error(name: string, reason: string): ArtifactError {
    return shapeError(this.#context, this.#at(name), reason);
  }

  #array(name: string): unknown[] | undefined {
    const value = this.#get(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.error(name, "is not a list");
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
