/** Random C types, each of a construct that compilers lay out. */
import type { Random } from "../random.ts";

const SCALARS = [
  ...["char", "signed char", "u8", "short", "u16", "int", "u32", "long", "u64", "s64", "_Bool"],
  ...["float", "double", "void *", "const char *", "unsigned long", "__int128"],
];
const BIT_TYPES: readonly (readonly [string, number])[] = [
  ...[["u8", 8], ["s8", 8], ["u16", 16], ["s16", 16], ["u32", 32], ["int", 32]] as const,
  ...[["u64", 64], ["s64", 64], ["_Bool", 1]] as const,
];
const RECORDS = 12;
const MAX_DEPTH = 3;

/** A source with a dozen structs and unions, each kept by a variable. */
export function makeSource(prefix: string, random: Random): string {
  const lines = ["/* Made up. */", '#include "corpus.h"', ""];
  const known: string[] = [];
  for (let i = 0; i < RECORDS; i++) {
    const form = random.below(5) === 0 ? "union" : "struct";
    const name = `${form} ${prefix}_t${i}`;
    lines.push(
      `${name} {`,
      ...members(random, { known, depth: 0, form }),
      `}${attribute(random)};`,
    );
    lines.push(`KEEP_AS(${name}, ${prefix}_t${i});`, "");
    known.push(name);
  }
  return lines.join("\n");
}

function attribute(random: Random): string {
  const which = random.below(10);
  if (which === 0) return " __attribute__((packed))";
  if (which === 1) return " __attribute__((packed, aligned(4)))";
  if (which === 2) return " __attribute__((aligned(32)))";
  return "";
}

let counter = 0;

function members(
  random: Random,
  { known, depth, form }: { known: readonly string[]; depth: number; form: string },
): string[] {
  counter = depth === 0 ? 0 : counter;
  const indent = "\t".repeat(depth + 1);
  const lines: string[] = [];
  for (let left = 1 + random.below(7); left > 0; left--) {
    const name = `m${counter++}`;
    const which = random.below(12);
    if (which < 5) {
      lines.push(`${indent}${random.pick(SCALARS)} ${name}${dimensions(random)};`);
    } else if (which < 8) {
      const [type, most] = random.pick(BIT_TYPES);
      lines.push(`${indent}${type} ${name} : ${1 + random.below(most)};`);
      if (random.below(6) === 0 && form === "struct") {
        lines.push(`${indent}u32 : ${random.below(20)};`);
      }
    } else if (which < 10 && known.length > 0) {
      lines.push(`${indent}${random.pick(known)} ${name}${dimensions(random)};`);
    } else if (depth < MAX_DEPTH) {
      const inner = random.below(2) === 0 ? "union" : "struct";
      lines.push(`${indent}${inner} {`);
      lines.push(...members(random, { known, depth: depth + 1, form: inner }));
      lines.push(`${indent}} ${random.below(2) === 0 ? "" : name}${attribute(random)};`);
    } else {
      lines.push(`${indent}u32 ${name};`);
    }
  }
  return lines;
}

function dimensions(random: Random): string {
  const which = random.below(6);
  if (which === 0) return `[${1 + random.below(5)}]`;
  return which === 1 ? `[${1 + random.below(3)}][${1 + random.below(3)}]` : "";
}
