/** Formats of fields that have no annotation: from their types and names, never from their values. */
import type { Format } from "./format.ts";
import type { FieldType } from "./schema.ts";

/** Facts about a member that decide its format. */
export interface MemberFacts {
  readonly name: string;
  readonly type: FieldType;
  /** Names of the typedefs around the type, outermost first, and of the integer. */
  readonly typeNames: readonly string[];
  /** True if an address family is next to it. */
  readonly hasFamily: boolean;
}

/** Formats of typedefs that mean more than their bytes: Inspektor Gadget's. */
const TYPEDEFS: Readonly<Record<string, Format>> = {
  "gadget_timestamp": { name: "time", argument: "boot" },
  "gadget_errno": { name: "errno" },
  "gadget_signal": { name: "signal" },
  "gadget_syscall": { name: "syscall" },
  "gadget_uid": { name: "uid" },
  "gadget_gid": { name: "gid" },
  "gadget_bytes": { name: "size" },
  "gadget_duration": { name: "ns" },
  "gadget_file_mode": { name: "mode" },
  "gadget_file_flags": { name: "flags" },
  "gadget_kernel_stack": { name: "kstack" },
};

/** Names of addresses: `saddr`, `daddr_v6`, `src`, `addr`. */
const ADDRESS = /addr|^(src|dst)(_?(ip|v4|v6))?$/i;
const PORT = /port$/i;
/** Durations have a unit in their name; points in time are named like one, too. */
const DURATION = /_(ns|us|ms)$/;
const MOMENT = /^(ts|timestamp|time|start|end)(_|$)|(_ts|_time|timestamp)(_ns)?$/;
const MOMENT_NS = /^(ts|timestamp)(_ns)?$|_ts(_ns)?$|timestamp(_ns)?$/;
const SIZE = /^r?bytes$|_bytes$/;
const TEXT = /(name|comm|path|str)$/i;

/** Returns the format of a member. */
export function defaultFormat(facts: MemberFacts): Format {
  for (const name of facts.typeNames) {
    if (Object.hasOwn(TYPEDEFS, name)) return TYPEDEFS[name] ?? { name: "dec" };
  }
  const { type } = facts;
  switch (type.kind) {
    case "enum":
      return { name: facts.typeNames.some((name) => name.endsWith("_set")) ? "flags" : "enum" };
    case "bytes":
      return ofBytes(facts, type.length);
    case "int":
      return ofInt(facts);
    case "float":
      return { name: "dec" };
    default:
      return { name: "list" };
  }
}

/** Typedefs that make a number of a character. */
const NUMBER_OF_8_BITS = /^(__)?[su]8$|^u?int8(_t)?$/;

/** Reports whether an array of bytes is declared as characters. */
function isCharacters(typeNames: readonly string[]): boolean {
  return /^(char|signed char)$/.test(typeNames.at(-1) ?? "") &&
    !typeNames.some((name) => NUMBER_OF_8_BITS.test(name));
}

function ofBytes({ name, typeNames, hasFamily }: MemberFacts, length: number): Format {
  if (isCharacters(typeNames)) return { name: "str" };
  if (TEXT.test(name)) return { name: "str" };
  if (length === 6 && /^mac|mac$|^h_(source|dest)$/i.test(name)) return { name: "mac" };
  if (ADDRESS.test(name) || (hasFamily && /^(ip|v4|v6)/i.test(name))) {
    if (length === 4) return { name: "ipv4" };
    if (length === 16) return { name: "ip" };
  }
  return { name: typeNames.length === 1 && typeNames[0] === "unsigned char" ? "char" : "list" };
}

function ofInt(facts: MemberFacts): Format {
  const { name, type, typeNames } = facts;
  if (type.kind !== "int") return { name: "dec" };
  if (type.of === "bool") return { name: "bool" };
  if (type.of === "pointer") return { name: "addr" };
  if (typeNames.includes("__be32")) return { name: ADDRESS.test(name) ? "ipv4" : "be32" };
  if (typeNames.includes("__be16")) return { name: "be16" };
  if (typeNames.includes("__be64")) return { name: "be64" };
  if (type.bytes === 16) return { name: ADDRESS.test(name) && facts.hasFamily ? "ip" : "dec" };
  if (type.bytes === 1 && isCharacters(typeNames)) return { name: "char" };
  if (PORT.test(name)) return { name: "dec" };
  if (type.bytes === 8 && !type.signed && MOMENT_NS.test(name)) {
    return { name: "time", argument: "guess" };
  }
  if (DURATION.test(name) && !MOMENT.test(name)) return { name: durationUnit(name) };
  if (SIZE.test(name)) return { name: "size" };
  if (type.bytes === 8 && /^(ip|addr|kaddr)$/.test(name)) return { name: "addr" };
  return { name: "dec" };
}

function durationUnit(name: string): "ns" | "us" | "ms" {
  return name.endsWith("_ns") ? "ns" : name.endsWith("_us") ? "us" : "ms";
}

/** Names of members that hold an address family. */
const FAMILY = /^(sa_)?(family|af|version|ip_?ver(sion)?|addr_family|protocol_family)$/i;

/** Reports whether a member holds an address family. */
export function isFamily(name: string): boolean {
  return FAMILY.test(name);
}

/** Reports whether a name is that of an address. */
export function isAddressName(name: string): boolean {
  return ADDRESS.test(name);
}
