/** Words of permissions for eBPF programs. */
import type { AttachWord } from "./attach_words.ts";

/**
 * Levels, from the mildest to the one that nothing allows:
 *
 * - `observe`: fields of a program's context, time, names and numbers of the current task, maps;
 * - `inspect`: memory of processes and of the kernel is read;
 * - `network`: packets and sockets are seen, changed, dropped, redirected;
 * - `control`: something is decided for other programs: signals, results of calls, LSM hooks;
 * - `struct-ops`: parts of the kernel are replaced while something uses them;
 * - `replace`: things that stay after the run, such as extended attributes, and keys;
 * - `write`: memory and code of processes is written;
 * - `never`: no option allows it.
 */
export const LEVELS = [
  "observe",
  "inspect",
  "network",
  "control",
  "struct-ops",
  "replace",
  "write",
  "never",
] as const;

/** One of {@linkcode LEVELS}. */
export type Level = typeof LEVELS[number];

/** A level that can be allowed. */
export type GrantableLevel = Exclude<Level, "never">;

/** Levels that can be allowed. */
export const GRANTABLE_LEVELS: readonly GrantableLevel[] = LEVELS.filter((level) =>
  level !== "never"
);

/** Levels of a run without any words: of a file of this machine, as of any program started there. */
export const DEFAULT_LEVELS: readonly GrantableLevel[] = GRANTABLE_LEVELS.filter((level) =>
  level !== "write"
);

/**
 * Permissions of a run's eBPF programs; the words of the command line. `deny…` wins over `allow…`.
 *
 * @example
 * ```ts
 * import { compileGuest, runGuest } from "./runtime/mod.ts";
 *
 * const guest = compileGuest(await Deno.readFile("tool.wasm"), "tool.wasm");
 * runGuest(guest, { permissions: { strict: true, allowBpf: ["observe", "inspect"] } });
 * ```
 */
export interface Permissions {
  /** Levels in addition to the default ones: every level except `write`. */
  allowBpf?: readonly GrantableLevel[];
  /** Levels that are refused. */
  denyBpf?: readonly GrantableLevel[];
  /** Helpers that may be called whatever their level, such as `bpf_probe_read_user`. */
  allowHelper?: readonly string[];
  /** Helpers that are refused. */
  denyHelper?: readonly string[];
  /**
   * Kernel functions (kfuncs) that may be called whatever their level. One that has no level here, of a
   * newer kernel or of a module, also needs `write` in `allowBpf`.
   */
  allowKfunc?: readonly string[];
  /** Kernel functions that are refused. */
  denyKfunc?: readonly string[];
  /** Starts from nothing: only levels and calls that are allowed here. Default: false. */
  strict?: boolean;
  /**
   * Places that programs may be attached to, such as `iface:eth0`, `tp:sched/*` or
   * `uprobe:/usr/bin/bash:readline`; with at least one, no others. Default: every place of an allowed
   * level.
   */
  allowAttach?: readonly AttachWord[];
  /** Places that are refused, whatever is allowed. */
  denyAttach?: readonly AttachWord[];
  /** Highest frequency of perf events, in hertz. Default: that of the kernel. */
  maxFrequency?: number;
  /** Bytes that all maps may take in the kernel; with `limits.maxMapsMemory`, the lower one holds. */
  maxMapsMemory?: number;
  /** Programs that may be loaded at a time; with `limits.maxPrograms`, the lower one holds. */
  maxPrograms?: number;
  /** Links that may be attached at a time; with `limits.maxLinks`, the lower one holds. */
  maxLinks?: number;
  /**
   * Bounds of a policy: what any of them does not allow is refused, whatever is allowed here. Their own
   * `within` does not count.
   */
  within?: readonly Bound[];
}

/** Upper bound of permissions. */
export interface Bound extends Omit<Permissions, "within"> {
  /** Origin in messages, such as `"ghcr.io/you/*" in /etc/wasm-bpf/policy.json (line 3)`. */
  readonly source: string;
  /** Advice in errors; default: to change the policy. */
  readonly hint?: string;
}

/** The level of one helper, kernel function or kind of program. */
export interface Entry {
  /** Name in the kernel. */
  readonly name: string;
  /** Level that allows it. */
  readonly level: Level;
  /**
   * True if it has to be allowed in so many words, by its level or its name, even where its level is a
   * default one: it acts on processes that the program chooses.
   */
  readonly isExplicit: boolean;
}

/** Entries of one level, as `build/steps/permissions.ts` writes them to `table.ts`. */
export interface Group {
  /** Level of all entries. */
  readonly level: Level;
  /** `Entry.isExplicit` of all entries. */
  readonly isExplicit: boolean;
  /** One a line, each between two line feeds; a helper has its number and a space before its name. */
  readonly lines: string;
}
