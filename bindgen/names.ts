/** Names that a target language takes, each once. */

/** Longest emitted name: C sets no limit, tools do. */
const MAX_LENGTH = 200;

/** The name with what no identifier may hold replaced. */
export function identifier(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, MAX_LENGTH);
  return /^[0-9]/.test(clean) || clean === "" ? `_${clean}` : clean;
}

/** `event_kind` as `EventKind`; numbers that would run into each other keep their `_`. */
export function camel(name: string): string {
  const words = identifier(name).split("_").filter((word) => word !== "");
  let joined = "";
  for (const word of words) {
    if (/[0-9]$/.test(joined) && /^[0-9]/.test(word)) joined += "_";
    joined += word.charAt(0).toUpperCase() + word.slice(1);
  }
  return /^[A-Z]/.test(joined) ? joined : `X${joined}`;
}

/**
 * `event_kind` and `EventKind` as `event-kind`: WIT's names, whose words begin with a letter, so that
 * `pad_0` becomes `pad0`.
 */
export function kebab(name: string): string {
  const parts = identifier(name)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .split("_").filter((word) => word !== "");
  const joined = parts.reduce(
    (text, word) => /^[0-9]/.test(word) ? text + word : `${text}-${word}`,
    "",
  ).replace(/^-/, "");
  return /^[a-z]/.test(joined) ? joined : `x${joined}`;
}

/** `event_kind` as `EVENT_KIND`. */
export function upper(name: string): string {
  return identifier(name).toUpperCase();
}

/** One scope of a language: hands out names that are free, and no keywords. */
export class Names {
  readonly #reserved: ReadonlySet<string>;
  readonly #escape: (name: string) => string;
  readonly #number: string;
  readonly #same: (name: string) => string;
  readonly #taken = new Set<string>();
  /** Uses of each name, so that claiming a thousand equal ones does not take a million steps. */
  readonly #wanted = new Map<string, number>();

  /**
   * Creates a scope in which `reserved` names are taken.
   *
   * @param escape makes a keyword a valid name
   * @param number text before the number of a repeated name; "___" is bpftool's
   * @param same maps names that the language does not distinguish to the same key
   */
  constructor(
    reserved: ReadonlySet<string> = new Set(),
    {
      escape = (name: string) => `${name}_`,
      number = "___",
      same = (name: string) => name,
    } = {},
  ) {
    this.#reserved = reserved;
    this.#escape = escape;
    this.#number = number;
    this.#same = same;
  }

  /** The name itself; escaped when it is a keyword; with a number when it is taken. */
  claim(name: string): string {
    const base = this.#reserved.has(name) ? this.#escape(name) : name;
    let free = base;
    let count = this.#wanted.get(base) ?? 1;
    while (this.#taken.has(this.#same(free))) free = `${base}${this.#number}${++count}`;
    this.#wanted.set(base, count);
    this.#taken.add(this.#same(free));
    return free;
  }
}

/** The words of a text as a set. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}
