/** Explains what the gate of program loads refused, from its line in libbpf's log. */
import { helperByNumber, type HelperEntry, kfuncByName } from "./entries.ts";
import { levelsOfKind, nameOfKind } from "./kinds.ts";
import type { Bound, Entry, Level } from "./levels.ts";
import type { Policy } from "./policy.ts";

/** Words for an error. */
export interface Refusal {
  /** Level that would allow it. */
  readonly level: Level;
  /** After the errno's name. */
  readonly reason: string;
  /** The option to add, or the reason why no option allows it. */
  readonly hint: string;
  /** The gate's own line, with names. */
  readonly detail: string;
}

const HELPER = /^the program calls helper (-?\d+), which is refused$/m;
const KFUNC = /^the program calls kfunc (\S+), which is refused$/m;
const KIND = /^the program is of type (\d+) and attach type (\d+), which is refused$/m;
const VARIABLE = /^the program reads a variable of the kernel, which is refused$/m;
const MAP_ADDRESS = /^the program reads kernel memory by the address of a map, which is refused$/m;
const MAP = /^map '(?:.*)' is refused: it is a struct_ops map$/m;
const NEVER =
  /^the program (calls kernel function -?\d+ of an unknown name|calls by instruction \S+|names address kind \d+|has flags \S+|attaches to another program|belongs to no object), which is refused$/m;

const NO_OPTION = "no option allows that";

/** Completes "only if you trust this module to …". */
const TRUST: Readonly<Record<Exclude<Level, "never">, string>> = {
  "observe": "see what happens on this machine",
  "inspect": "read all memory of this machine",
  "network": "read and change packets",
  "control": "decide for other processes",
  "struct-ops": "replace parts of the kernel",
  "replace": "change what stays after it ends",
  "write": "change the memory of every process",
};

/**
 * Explains a refusal.
 *
 * @param log libbpf's lines about a failed load
 * @returns `undefined` when the gate did not refuse anything
 */
export function explainRefusal(policy: Policy, log: string): Refusal | undefined {
  const helper = HELPER.exec(log);
  if (helper !== null) return ofHelper(policy, Number(helper[1]));
  const kfunc = KFUNC.exec(log)?.[1];
  if (kfunc !== undefined) return ofKfunc(policy, kfunc);
  const kind = KIND.exec(log);
  if (kind !== null) return ofKind(policy, Number(kind[1]), Number(kind[2]));
  if (VARIABLE.test(log)) {
    return refusal("it reads variables of the kernel", "inspect", {
      hint: levelHint(policy, "inspect"),
      detail: "the program reads a variable of the kernel, which is refused",
    });
  }
  const address = MAP_ADDRESS.exec(log)?.[0];
  if (address !== undefined) {
    return refusal("it reads kernel memory by the address of a map", "inspect", {
      hint: levelHint(policy, "inspect"),
      detail: address,
    });
  }
  const map = MAP.exec(log)?.[0];
  if (map !== undefined) {
    const hint = levelHint(policy, "struct-ops");
    return refusal("it is a struct_ops map", "struct-ops", { hint, detail: map });
  }
  const never = NEVER.exec(log);
  return never === null
    ? undefined
    : refusal(`it ${never[1]}`, "never", { hint: NO_OPTION, detail: never[0] });
}

function ofHelper(policy: Policy, number: number): Refusal {
  const entry: HelperEntry | undefined = helperByNumber(number);
  const name = entry?.name ?? `helper ${number}`;
  const detail = `the program calls ${name}, which is refused`;
  if (entry === undefined) {
    const hint = `this version has no level for it, and ${NO_OPTION}`;
    return refusal(`it calls ${name}`, "never", { hint, detail });
  }
  return refusal(`it calls ${name}`, entry.level, {
    hint: hintFor(policy, "helper", entry),
    detail,
  });
}

function ofKfunc(policy: Policy, name: string): Refusal {
  const entry = kfuncByName(name);
  const detail = `the program calls ${name}, which is refused`;
  if (entry === undefined) {
    const hint = `this version has no level for it: pass --allow-bpf=write --allow-kfunc=${name} ` +
      "only if you trust this module with the whole machine";
    return refusal(`it calls ${name}`, "write", { hint, detail });
  }
  return refusal(`it calls ${name}`, entry.level, {
    hint: hintFor(policy, "kfunc", entry),
    detail,
  });
}

function ofKind(policy: Policy, type: number, attachType: number): Refusal {
  const levels = levelsOfKind(type, attachType);
  const level = levels.find((one) => !policy.allowsLevel(one)) ?? levels[0] ?? "never";
  const what = `program type ${nameOfKind(type)}` + (attachType === 0 ? "" : `/${attachType}`);
  return refusal(what, level, {
    hint: level === "never" ? NO_OPTION : levelHint(policy, level),
    detail: `the program is of type ${nameOfKind(type)}, which is refused`,
  });
}

function refusal(what: string, level: Level, words: { hint: string; detail: string }): Refusal {
  return { level, reason: `${what}: level ${level}`, ...words };
}

function hintFor(policy: Policy, kind: "helper" | "kfunc", { name, level }: Entry): string {
  if (level === "never") return `${NO_OPTION}: load and attach from the module`;
  const bound = policy.boundOfCall(kind, { name, level, isExplicit: false });
  if (bound !== undefined) return boundHint(bound);
  if (policy.isNameDenied(name)) return `remove --deny-${kind}=${name} to allow it`;
  return levelHint(policy, level, `--allow-${kind}=${name}`);
}

/** Returns the advice about what a bound refuses. */
export function boundHint({ source, hint }: Bound): string {
  return hint ??
    `${source} does not allow it, and options do not go beyond a policy: change the policy`;
}

/** Returns the advice for a level that is not allowed. */
export function levelHint(policy: Policy, level: Exclude<Level, "never">, narrow?: string): string {
  const bound = policy.boundOfLevel(level);
  if (bound !== undefined) return boundHint(bound);
  if (policy.isLevelDenied(level)) return `remove --deny-bpf=${level} to allow it`;
  const alone = narrow === undefined ? "" : `, or ${narrow} for it alone,`;
  return `pass --allow-bpf=${level}${alone} only if you trust this module to ${TRUST[level]}`;
}
