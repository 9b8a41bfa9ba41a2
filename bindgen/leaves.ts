/** A record's members as a program sees them: those of anonymous structs and unions are its own. */
import { BtfError } from "./errors.ts";
import { dimensions } from "./lower.ts";
import type { EnumType, Member, RecordType, Type } from "./model.ts";
import { identifier, type Names } from "./names.ts";

/** Real types have fewer; hostile BTF reaches it by nesting anonymous structs. */
const MAX_LEAVES = 1 << 17;

/** A member with a name, its place from the beginning of the outermost record. */
export interface Leaf extends Member {
  /** As C calls it. */
  readonly original: string;
}

/**
 * Returns the members with names, each name used once.
 *
 * @param reserved names that the language reserves
 * @param style how the language writes a member's name
 */
export function leavesOf(
  record: RecordType,
  { scope, style }: { scope: Names; style: (name: string) => string },
): Leaf[] {
  const found: { leaves: Leaf[]; visited: number } = { leaves: [], visited: 0 };
  gather(record, 0, found);
  return found.leaves.map((leaf) => ({ ...leaf, name: scope.claim(style(leaf.original)) }));
}

function gather(
  record: RecordType,
  base: number,
  found: { leaves: Leaf[]; visited: number },
): void {
  for (const member of record.members) {
    if (++found.visited > MAX_LEAVES) {
      throw new BtfError(`"${record.name}" has more than ${MAX_LEAVES} members`);
    }
    const bitOffset = base + member.bitOffset;
    if (member.name === "" && member.type.kind === "record") {
      gather(member.type, bitOffset, found);
    } else {
      found.leaves.push({ ...member, bitOffset, original: identifier(member.name) });
    }
  }
}

/** Returns the offset in bytes of a member that is not a bit-field. */
export function byteOffset(member: Member): number {
  return Math.floor(member.bitOffset / 8);
}

/**
 * Returns a member's type in C, for a comment: `char [16]`, `unsigned 3 bits`; "" if there is
 * nothing to add.
 */
export function inC(type: Type): string {
  if (type.kind === "pointer" || type.kind === "bytes") return type.text;
  if (type.kind === "int" && type.sense === "bool") return "_Bool";
  if (type.kind === "int" && type.bytes === 16) {
    return type.signed ? "__int128" : "unsigned __int128";
  }
  if (type.kind === "array") {
    const { of, lengths } = dimensions(type);
    const inner = inC(of);
    return inner === "" ? "" : inner + lengths.map((length) => `[${length}]`).join("");
  }
  return "";
}

/** Returns C's name of a type: `struct event`, or a description if it has no name. */
export function originalName(type: RecordType | EnumType): string {
  const keyword = type.kind === "enum" ? "enum" : type.form;
  const isNameless = type.name === "" || (type.kind === "record" && type.hinted);
  if (isNameless) return `${keyword === "enum" ? "an" : "a"} ${keyword} without a name`;
  return `${type.typedef ? "" : `${keyword} `}${identifier(type.name)}`;
}

/** Returns C's name of a type, for the beginning of a sentence. */
export function originalNameFirst(type: RecordType | EnumType): string {
  return originalName(type).replace(/^an? /, (article) => article === "a " ? "A " : "An ");
}

/** `1 bit`, `3 bits`. */
export function count(number: number, unit: "bit" | "byte"): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
