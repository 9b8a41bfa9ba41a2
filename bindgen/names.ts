/** Names that a target language takes, each once. */

/** What an emitted name may have: C sets no limit, tools do. */
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

/** `EventKind` and `event__kind` as `event_kind`. */
export function snake(name: string): string {
  const parts = identifier(name)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  return parts.toLowerCase();
}

/** `event_kind` as `EVENT_KIND`. */
export function upper(name: string): string {
  return identifier(name).toUpperCase();
}

/** One scope of a language: hands out names that are free, and no keywords. */
export class Names {
  readonly #reserved: ReadonlySet<string>;
  readonly #taken = new Set<string>();
  /** How often a name was wanted, so that a thousand equal ones cost no million steps. */
  readonly #wanted = new Map<string, number>();

  /** A scope in which `reserved` names mean something else. */
  constructor(reserved: ReadonlySet<string> = new Set()) {
    this.#reserved = reserved;
  }

  /** The name itself; with `_` behind a keyword; with a number when it is taken. */
  claim(name: string): string {
    const base = this.#reserved.has(name) ? `${name}_` : name;
    let free = base;
    let count = this.#wanted.get(base) ?? 1;
    while (this.#taken.has(free)) free = `${base}___${++count}`;
    this.#wanted.set(base, count);
    this.#taken.add(free);
    return free;
  }
}

/** The words of a text as a set. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}
