/** Words for places that programs may be attached to: `KIND` or `KIND:TARGET`. */
import { netfilterHook, TargetSyntaxError } from "../target_parts.ts";
import { perfEventNumbers } from "../perf_events.ts";
import { PermissionError } from "./errors.ts";

/** Kinds of places; `iface` is every kind that an interface has. */
export const ATTACH_KINDS = [
  "iface",
  "xdp",
  "tc",
  "netkit",
  "socket",
  "cgroup",
  "netns",
  "netfilter",
  "perf_event",
  "uprobe",
  "usdt",
  "tp",
  "raw_tp",
  "tp_btf",
  "kprobe",
  "ksyscall",
  "fentry",
  "lsm",
  "iter",
  "struct_ops",
] as const;

/** One of {@linkcode ATTACH_KINDS}. */
export type AttachKind = typeof ATTACH_KINDS[number];

/** Word for places, such as `iface:eth0`, or a kind alone for all of its places. */
export type AttachWord = AttachKind | `${AttachKind}:${string}`;

/** Names that sections have for kinds, and their words. */
const OTHER_NAMES: Readonly<Record<string, AttachKind>> = {
  "classifier": "tc",
  "fexit": "fentry",
  "fmod_ret": "fentry",
  "interface": "iface",
  "kprobe.multi": "kprobe",
  "kretprobe": "kprobe",
  "kretsyscall": "ksyscall",
  "raw_tracepoint": "raw_tp",
  "tcx": "tc",
  "tracepoint": "tp",
  "uprobe.multi": "uprobe",
  "uretprobe": "uprobe",
};

const FORM = "write KIND or KIND:TARGET, such as iface:eth0 or tp:sched/*; the kinds are " +
  ATTACH_KINDS.join(", ");

/** Longest word in bytes: two paths. */
const MAX_WORD_BYTES = 8192;

/** Lengths of the kernel's names: interfaces (`IFNAMSIZ`), symbols (`KSYM_NAME_LEN`). */
const INTERFACE_BYTES = 15, NAME_BYTES = 511;

/**
 * Checks a word, and returns it in the form that the shim reads: a binary's symbol after a tab, hooks
 * and events by numbers.
 *
 * @throws {PermissionError}
 */
export function attachRule(word: string): string {
  const at = word.indexOf(":");
  const kind = kindOf(at < 0 ? word : word.slice(0, at), word);
  if (at < 0) return kind === "ksyscall" ? "kprobe:__x64_sys_*" : kind;
  const target = word.slice(at + 1);
  // deno-lint-ignore no-control-regex -- a line is a word in the shim
  if (target === "" || /[\0-\x1f\x7f]/.test(target) || target.length > MAX_WORD_BYTES) {
    throw wrong(word, target === "" ? "missing target after the colon" : "not a valid target");
  }
  return kind === "ksyscall"
    ? `kprobe:__x64_sys_${checked(target, /^[\w*?]+$/, word)}`
    : `${kind}:${ruleTarget(kind, target, word)}`;
}

function kindOf(name: string, word: string): AttachKind {
  const kind = ATTACH_KINDS.find((known) => known === name) ??
    (Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined);
  if (kind !== undefined) return kind;
  throw new PermissionError(`Unknown kind of place "${name}" in "${word}"`, {
    word: name,
    known: [...ATTACH_KINDS, ...Object.keys(OTHER_NAMES)],
    hint: FORM,
  });
}

function ruleTarget(kind: AttachKind, target: string, word: string): string {
  switch (kind) {
    case "iface":
    case "xdp":
    case "tc":
    case "netkit":
    case "socket":
      return checked(target, /^[^\s/:]+$/, word, INTERFACE_BYTES);
    case "cgroup":
      return subtree(target, word);
    case "netns":
      return absolute(target, word);
    case "uprobe":
    case "usdt":
      return binary(kind, target, word);
    case "netfilter":
      return numbered(word, () => netfilterHook(target));
    case "perf_event":
      return numbered(word, () => perfEventNumbers(target));
    case "tp":
      return checked(target.includes("/") ? target : `${target}/*`, /^[^/]+\/[^/]+$/, word);
    default:
      return checked(target, /^[\w.*?[\]-]+$/, word);
  }
}

function checked(target: string, pattern: RegExp, word: string, bytes = NAME_BYTES): string {
  if (pattern.test(target) && new TextEncoder().encode(target).length <= bytes) return target;
  throw wrong(word, `"${target}" is not a name of that kind`);
}

/** A cgroup and all below it: a pattern adds nothing. */
function subtree(target: string, word: string): string {
  const path = absolute(target.replace(/\/\*+$/, ""), word);
  if (/[*?[]/.test(path)) throw wrong(word, "a cgroup has no pattern: all below it belong to it");
  return path;
}

function absolute(target: string, word: string): string {
  if (target.startsWith("/")) return target;
  throw wrong(word, "the path is not absolute");
}

/** `BINARY`, `BINARY:SYMBOL`, or for probes `BINARY:PROVIDER:NAME`; a path may have a colon. */
function binary(kind: "uprobe" | "usdt", target: string, word: string): string {
  const parts = target.split(":");
  const symbols = kind === "usdt" && parts.length > 2 ? 2 : parts.length > 1 ? 1 : 0;
  const path = parts.slice(0, parts.length - symbols).join(":");
  const symbol = parts.slice(parts.length - symbols).join(":");
  if (path === "") throw wrong(word, "missing path of a binary");
  if (symbols === 0) return path;
  if (symbol === "" || symbol.includes("/")) throw wrong(word, "missing symbol after the colon");
  return `${path}\t${kind === "usdt" && symbols === 1 ? `${symbol}:*` : symbol}`;
}

function numbered(word: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TargetSyntaxError)) throw error;
    throw wrong(word, error.message, error.hint);
  }
}

function wrong(word: string, reason: string, hint = FORM): PermissionError {
  return new PermissionError(`Cannot use "${word}": ${reason}`, { word, known: [], hint });
}
