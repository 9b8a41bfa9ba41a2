/**
 * Oldest Linux that has what an object needs, by types, helpers and instructions: the release that has
 * the commit which added each (bcc's kernel-versions.md, ebpf-docs' feature-versions.yaml).
 */
import type { Calls } from "./calls.ts";
import type { SectionKind } from "./sections.ts";

/** Oldest kernel, and the needs that make it so. */
export interface KernelMinimum {
  /** Version such as `5.8`, the oldest that is supported at all. */
  readonly version: string;
  /** Program types, map types, helpers and instructions that need it; empty for the oldest. */
  readonly because: readonly string[];
  /** All that is newer than the oldest supported kernel, each with its version. */
  readonly needs: readonly KernelNeed[];
}

/** Need of one part of an object. */
export interface KernelNeed {
  /** Name of a type, helper or instruction. */
  readonly what: string;
  /** First Linux that has it, such as `5.18`. */
  readonly version: string;
}

/** Oldest kernel that programs run on. */
const OLDEST = "5.8";

/** Attach types that are newer, by number. */
const ATTACH_TYPES: Readonly<Record<number, string>> = {
  34: "5.9", // sock_release
  35: "5.9", // xdp/cpumap
  37: "5.9", // XDP links
  36: "5.9", // sk_lookup
  38: "5.13", // sk_skb/verdict
  40: "5.14", // sk_reuseport/migrate
  42: "5.18", // kprobe.multi
  43: "6.0", // lsm_cgroup
  44: "6.4", // struct_ops links
  45: "6.4", // netfilter
  46: "6.6", // tcx
  47: "6.6",
  48: "6.6", // uprobe.multi
  49: "6.7", // cgroup on Unix sockets
  50: "6.7",
  51: "6.7",
  52: "6.7",
  53: "6.7",
  54: "6.7", // netkit
  55: "6.7",
  56: "6.10", // kprobe.session
  57: "6.13", // uprobe.session
  58: "7.0", // fsession
};

/** Program types that are newer, by number. */
const PROGRAM_TYPES: Readonly<Record<number, string>> = {
  3: "6.6", // classifiers, which are attached by tcx links
  27: "6.4", // struct_ops, which are attached by links
};

/** Map types that are newer. */
const MAP_TYPES: Readonly<Record<string, string>> = {
  "inode_storage": "5.10",
  "task_storage": "5.11",
  "bloom_filter": "5.16",
  "user_ring_buffer": "6.1",
  "cgrp_storage": "6.2",
  "arena": "6.9",
};

/** Flags of programs by their section: how its kind ends. */
const FLAGS: readonly (readonly [section: RegExp, what: string, version: string])[] = [
  [/^\??xdp\.frags\b/, "XDP with fragments", "5.18"],
  [/^\??[\w.]+\.s(\/|$)/, "programs that sleep", "5.10"],
];

/** Instructions that are newer, by the names that {@linkcode Calls} has for them. */
const INSTRUCTIONS: Readonly<Record<string, string>> = {
  "atomic operations": "5.12",
  "instructions of cpu v4": "6.6",
  "may_goto": "6.9",
  "addr_space_cast": "6.9",
  "load_acquire and store_release": "6.15",
};

/** The list of helpers is closed: newer functions are kernel functions. */
const LAST_HELPER = 211;

/** First helper of each version: numbers only grow. */
const HELPERS: readonly (readonly [first: number, version: string])[] = [
  [210, "6.2"],
  [208, "6.1"],
  [204, "6.0"],
  [194, "5.19"],
  [186, "5.18"],
  [180, "5.17"],
  [176, "5.16"],
  [169, "5.15"],
  [166, "5.14"],
  [164, "5.13"],
  [163, "5.12"],
  [156, "5.11"],
  [142, "5.10"],
  [136, "5.9"],
];

/** Returns what a program needs, except its kernel functions, which no version promises. */
export function programNeedsOf(
  type: string,
  kind: SectionKind | undefined,
  { helpers, instructions }: Pick<Calls, "helpers" | "instructions">,
  { section, nameOf }: { section: string; nameOf: (helper: number) => string },
): KernelNeed[] {
  const version = kind && (ATTACH_TYPES[kind.attachType] ?? PROGRAM_TYPES[kind.type]);
  return [
    ...(version === undefined ? [] : [{ what: type, version }]),
    ...FLAGS.filter(([pattern]) => pattern.test(section)).map(([, what, version]) => ({
      what,
      version,
    })),
    ...[...instructions].flatMap((what) => {
      const since = INSTRUCTIONS[what];
      return since === undefined ? [] : [{ what, version: since }];
    }),
    ...[...helpers].flatMap((number) => {
      const since = number > LAST_HELPER
        ? undefined
        : HELPERS.find(([first]) => number >= first)?.[1];
      return since === undefined ? [] : [{ what: nameOf(number), version: since }];
    }),
  ];
}

/** Returns what maps need. */
export function mapNeedsOf(maps: readonly { readonly type: string }[]): KernelNeed[] {
  return maps.flatMap(({ type }) => {
    const version = MAP_TYPES[type];
    return version === undefined ? [] : [{ what: type, version }];
  });
}

/** Returns the version that has everything. */
export function minimumOf(needs: readonly KernelNeed[]): KernelMinimum {
  const version = needs.reduce(
    (least, need) => isOlder(least, need.version) ? need.version : least,
    OLDEST,
  );
  const because = version === OLDEST
    ? []
    : needs.filter((need) => need.version === version).map(({ what }) => what);
  const unique = new Map(needs.map((need) => [need.what, need]));
  const sorted = [...unique.values()].sort((a, b) =>
    isOlder(b.version, a.version) ? -1 : isOlder(a.version, b.version) ? 1 : 0
  );
  return { version, because: [...new Set(because)].sort(), needs: sorted };
}

/** Reports whether one version is older than another, by their first two numbers. */
export function isOlder(one: string, other: string): boolean {
  const [a = 0, b = 0] = one.split(".").map((part) => parseInt(part));
  const [c = 0, d = 0] = other.split(".").map((part) => parseInt(part));
  return a < c || a === c && b < d;
}
