/** Policy of a run: made from words and levels, and encoded as bytes for the shim. */
import { attachRule, type AttachWord } from "./attach_words.ts";
import { helperEntries, kfuncEntries, linesOf } from "./entries.ts";
import { ATTACH_TYPES, KINDS, levelsOfKind, PROGRAM_TYPES } from "./kinds.ts";
import {
  type Bound,
  DEFAULT_LEVELS,
  type Entry,
  GRANTABLE_LEVELS,
  type Level,
  type Permissions,
} from "./levels.ts";
import { HELPERS, KFUNCS } from "./table.ts";
import { checkWords } from "./words.ts";

/** Offsets in `struct shim_policy` of `libbpf-shim/permissions.h`, in bytes. */
const HELPERS_AT = 8;
const KINDS_AT = HELPERS_AT + 1024 / 8;
const KFUNCS_AT = KINDS_AT + PROGRAM_TYPES * ATTACH_TYPES / 8;

/** `POLICY_KERNEL_VARIABLES`. */
const KERNEL_VARIABLES = 1;
/** `POLICY_STRUCT_OPS`. */
const STRUCT_OPS = 2;

/** Places whose programs see arguments of functions of processes. */
export const USER_PROBES: readonly AttachWord[] = ["uprobe", "usdt"];

/** Limits of a run that permissions have. */
export type PermissionLimits = Pick<Permissions, "maxMapsMemory" | "maxPrograms" | "maxLinks">;

/** Permissions of the programs of one run. */
export class Policy {
  /** The words that it was made from. */
  readonly permissions: Permissions;
  readonly #levels: ReadonlySet<Level>;
  readonly #named: ReadonlySet<Level>;
  readonly #allowed: ReadonlySet<string>;
  readonly #denied: ReadonlySet<string>;
  /** Bounds of policies: each of them has to allow what is allowed. */
  readonly #bounds: readonly { readonly bound: Bound; readonly policy: Policy }[];
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Makes a policy; without words, that of a file of this machine.
   *
   * @throws {PermissionError} for an unknown level, helper, kernel function or kind of place
   */
  constructor(permissions: Permissions = {}) {
    checkWords(permissions);
    this.permissions = permissions;
    const denied = new Set<Level>(permissions.denyBpf);
    const isLeft = (level: Level) => !denied.has(level);
    const named = (permissions.allowBpf ?? []).filter(isLeft);
    const defaults = permissions.strict ? [] : DEFAULT_LEVELS.filter(isLeft);
    this.#named = new Set(named);
    this.#levels = new Set([...defaults, ...named]);
    const { allowHelper = [], denyHelper = [], allowKfunc = [], denyKfunc = [] } = permissions;
    this.#allowed = new Set([...allowHelper.map(helperKey), ...allowKfunc.map(kfuncKey)]);
    this.#denied = new Set([...denyHelper.map(helperKey), ...denyKfunc.map(kfuncKey)]);
    this.#bounds = (permissions.within ?? []).map((bound) => ({
      bound,
      policy: new Policy(withoutBounds(bound)),
    }));
  }

  /** Returns the bound that refuses a level, whatever else is allowed. */
  boundOfLevel(level: Level): Bound | undefined {
    return this.#bounds.find(({ policy }) => !policy.allowsLevel(level))?.bound;
  }

  /** Returns the bound that refuses a helper or kernel function. */
  boundOfCall(kind: "helper" | "kfunc", entry: Entry): Bound | undefined {
    return this.#bounds.find(({ policy }) =>
      kind === "helper" ? !policy.allowsHelper(entry) : !policy.allowsKfunc(entry)
    )?.bound;
  }

  /** Returns the bound of a group of {@linkcode attachRules}; undefined for the words themselves. */
  boundOfGroup(group: number): Bound | undefined {
    return this.#bounds[group - 1]?.bound;
  }

  /** Rules for `shim_attach_rules__new()`: those of the words are group 0, then one for each bound. */
  get attachRules(): string {
    return [this, ...this.#bounds.map(({ policy }) => policy)]
      .map(({ permissions: { allowAttach = [] }, deniedPlaces }, group) =>
        [
          ...allowAttach.map((word) => `${group}+${attachRule(word)}\n`),
          ...deniedPlaces.map((word) => `${group}-${attachRule(word)}\n`),
        ].join("")
      ).join("");
  }

  /** The kernel has no type of its own for probes in processes, whose arguments need `inspect`. */
  get deniedPlaces(): readonly AttachWord[] {
    const { denyAttach = [] } = this.permissions;
    return this.#levels.has("inspect") ? denyAttach : [...USER_PROBES, ...denyAttach];
  }

  /** Highest frequency of perf events, in hertz; undefined for that of the kernel. */
  get maxFrequency(): number | undefined {
    return this.#least("maxFrequency");
  }

  /** Limits of maps, programs and links, the lowest of words and bounds. */
  get limits(): PermissionLimits {
    const names = ["maxMapsMemory", "maxPrograms", "maxLinks"] as const;
    return Object.fromEntries(names.flatMap((name) => {
      const least = this.#least(name);
      return least === undefined ? [] : [[name, least]];
    }));
  }

  #least(name: "maxFrequency" | keyof PermissionLimits): number | undefined {
    const values = [this, ...this.#bounds.map(({ policy }) => policy)]
      .flatMap(({ permissions }) => permissions[name] ?? []);
    return values.length === 0 ? undefined : Math.min(...values);
  }

  #isWithin(allows: (policy: Policy) => boolean): boolean {
    return this.#bounds.every(({ policy }) => allows(policy));
  }

  /** Reports whether the level is allowed, for what does not have to be named. */
  allowsLevel(level: Level): boolean {
    return this.#levels.has(level) && this.#isWithin((bound) => bound.allowsLevel(level));
  }

  /** Levels that are allowed. */
  get levels(): Level[] {
    return GRANTABLE_LEVELS.filter((level) => this.allowsLevel(level));
  }

  /** Reports whether programs may call a helper. */
  allowsHelper(entry: Entry): boolean {
    return this.#allows(entry, helperKey(entry.name)) &&
      this.#isWithin((bound) => bound.allowsHelper(entry));
  }

  /** Reports whether programs may call a kernel function. */
  allowsKfunc(entry: Entry): boolean {
    return this.#allows(entry, kfuncKey(entry.name)) &&
      this.#isWithin((bound) => bound.allowsKfunc(entry));
  }

  /** Reports whether programs may call a kernel function that no table lists. */
  allowsUnlistedKfunc(name: string): boolean {
    return this.#allowed.has(kfuncKey(name)) && this.#allowsUnlisted(name) &&
      this.#isWithin((bound) => bound.#allowsUnlisted(name));
  }

  #allowsUnlisted(name: string): boolean {
    return !this.#denied.has(kfuncKey(name)) && this.#named.has("write");
  }

  #allows(entry: Entry, key: string): boolean {
    if (entry.level === "never" || this.#denied.has(key) || this.isLevelDenied(entry.level)) {
      return false;
    }
    if (this.#allowed.has(key)) return true;
    return (entry.isExplicit ? this.#named : this.#levels).has(entry.level);
  }

  /** Reports whether a word denies the level, or a bound refuses it. */
  isLevelDenied(level: Level): boolean {
    const { denyBpf = [] } = this.permissions;
    return (denyBpf as readonly Level[]).includes(level) ||
      this.boundOfLevel(level) !== undefined;
  }

  /** Reports whether a word denies the helper or kernel function of that name. */
  isNameDenied(name: string): boolean {
    return this.#denied.has(helperKey(name)) || this.#denied.has(kfuncKey(name));
  }

  /** The bytes of a `struct shim_policy`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ??= this.#encode();
  }

  #encode(): Uint8Array<ArrayBuffer> {
    const names = new TextEncoder().encode(this.#kfuncLines());
    const bytes = new Uint8Array(KFUNCS_AT + names.length);
    const header = new DataView(bytes.buffer);
    const flags = (this.allowsLevel("inspect") ? KERNEL_VARIABLES : 0) |
      (this.allowsLevel("struct-ops") ? STRUCT_OPS : 0);
    header.setUint32(0, flags, true);
    header.setUint32(4, names.length, true);
    const helpers = bytes.subarray(HELPERS_AT, KINDS_AT);
    for (const number of this.#helperNumbers()) setBit(helpers, number, true);
    this.#setKinds(bytes.subarray(KINDS_AT, KFUNCS_AT));
    bytes.set(names, KFUNCS_AT);
    return bytes;
  }

  /** Rows of attach types, most of which are alike: a start has no time for each of 8192 bits. */
  #setKinds(bits: Uint8Array): void {
    for (const [word, { attachTypes = {} }] of Object.entries(KINDS)) {
      const type = Number(word);
      const start = type * ATTACH_TYPES;
      // Attach type 0 has the level of its type.
      if (this.allowsKind(type, 0)) bits.fill(0xff, start / 8, (start + ATTACH_TYPES) / 8);
      for (const attachType of Object.keys(attachTypes).map(Number)) {
        setBit(bits, start + attachType, this.allowsKind(type, attachType));
      }
    }
  }

  /** Reports whether programs of a type and attach type may be loaded, whatever they call. */
  allowsKind(type: number, attachType: number): boolean {
    return levelsOfKind(type, attachType).every((level) => this.allowsLevel(level));
  }

  /** Whole groups, as long as no word names one of them: a start does not look at each. */
  get #hasNames(): boolean {
    return this.#allowed.size + this.#denied.size > 0 ||
      !this.#isWithin((bound) => !bound.#hasNames);
  }

  #helperNumbers(): number[] {
    if (this.#hasNames) {
      return helperEntries().filter((entry) => this.allowsHelper(entry)).map(({ number }) =>
        number
      );
    }
    return HELPERS.filter((group) => this.allowsHelper({ ...group, name: "" }))
      .flatMap((group) => linesOf(group).map((line) => parseInt(line)));
  }

  #kfuncLines(): string {
    if (!this.#hasNames) {
      return KFUNCS.filter((group) => this.allowsKfunc({ ...group, name: "" }))
        .map(({ lines }) => lines).join("");
    }
    const names = kfuncEntries().filter((entry) => this.allowsKfunc(entry)).map(({ name }) => name);
    return `\n${[...names, ...this.#unlistedKfuncs()].join("\n")}\n`;
  }

  /** Of a newer kernel, or of a module: allowed by name, and only together with `write`. */
  #unlistedKfuncs(): string[] {
    const listed = new Set(kfuncEntries().map(({ name }) => name));
    return (this.permissions.allowKfunc ?? []).filter((name) =>
      !listed.has(name) && this.allowsUnlistedKfunc(name)
    );
  }
}

/** One name can be a helper and a kernel function. */
function helperKey(name: string): string {
  return `helper ${name.startsWith("bpf_") ? name : `bpf_${name}`}`;
}

function kfuncKey(name: string): string {
  return `kfunc ${name}`;
}

function setBit(bits: Uint8Array, bit: number, isSet: boolean): void {
  const byte = bits[bit >> 3] ?? 0;
  const mask = 1 << (bit & 7);
  bits[bit >> 3] = isSet ? byte | mask : byte & ~mask;
}

/** Bounds of bounds do not count. */
function withoutBounds({ source: _, ...permissions }: Bound): Permissions {
  const { within: _within, hint: _hint, ...others } = permissions as Partial<Bound & Permissions>;
  return others;
}
