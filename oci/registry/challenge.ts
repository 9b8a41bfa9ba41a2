/** Reads `WWW-Authenticate` (RFC 9110, section 11.6.1). */

/** Authentication challenge of a server. */
export interface Challenge {
  /** Scheme in lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Parameters by lower-case name; the first of repeated names counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Maximum length: registries need less; bounds work on hostile input. */
const MAX_HEADER = 16 * 1024;

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN_68 = /[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([^\s",]+))/y;
const SEPARATOR = /[ \t]*,[ \t,]*/y;
const SPACE = /[ \t]+/y;

/**
 * Parses the challenges of a header, or of several joined by commas, in order.
 *
 * Never fails: everything after a syntax error is ignored.
 */
export function parseChallenges(header: string): Challenge[] {
  const reader = new Reader(header.slice(0, MAX_HEADER));
  const challenges: Challenge[] = [];
  reader.take(SPACE);
  reader.take(SEPARATOR);
  for (;;) {
    const scheme = reader.take(TOKEN)?.[0];
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    if (reader.take(SPACE) !== undefined && reader.take(TOKEN_68) === undefined) {
      readParameters(reader, parameters);
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    if (reader.take(SEPARATOR) === undefined) return challenges;
  }
}

/** Reads `a=b, c="d"`, up to the end or to the comma before the next scheme. */
function readParameters(reader: Reader, into: Map<string, string>): void {
  for (;;) {
    const [, name, quoted, bare] = reader.take(PARAMETER) ?? [];
    if (name === undefined) return;
    const key = name.toLowerCase();
    if (!into.has(key)) into.set(key, quoted?.replace(/\\([^])/g, "$1") ?? bare ?? "");
    const before = reader.at;
    if (reader.take(SEPARATOR) === undefined) return;
    if (!reader.sees(PARAMETER)) {
      reader.at = before;
      return;
    }
  }
}

/** Scanner with sticky patterns. */
class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    return pattern.test(this.#text);
  }
}
