/** Division of a struct into slots without gaps: members, bit-fields, padding. */
import type { Member, RecordType, Type } from "./model.ts";

/** A stretch of bytes in a struct. */
export type Slot =
  | {
    readonly kind: "member";
    readonly offset: number;
    readonly bytes: number;
    readonly member: Member;
  }
  | {
    /** Bit-fields that share bytes, or touch. */
    readonly kind: "bits";
    readonly offset: number;
    readonly bytes: number;
    readonly members: readonly Member[];
  }
  | { readonly kind: "pad"; readonly offset: number; readonly bytes: number };

/** The stretches of a struct, in order; they add up to its size. */
export function slotsOf(record: RecordType): Slot[] {
  const slots: Slot[] = [];
  let end = 0;
  for (const slot of membersAndBits(record.members)) {
    if (slot.offset > end) slots.push({ kind: "pad", offset: end, bytes: slot.offset - end });
    slots.push(slot);
    end = slot.offset + slot.bytes;
  }
  if (record.bytes > end) slots.push({ kind: "pad", offset: end, bytes: record.bytes - end });
  return slots;
}

function membersAndBits(members: readonly Member[]): Slot[] {
  const slots: Slot[] = [];
  let run: Member[] = [];
  const endRun = () => {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const offset = Math.floor(first.bitOffset / 8);
    slots.push({ kind: "bits", offset, bytes: endByte(last) - offset, members: run });
    run = [];
  };
  for (const member of members) {
    if (member.bits === 0) {
      endRun();
      slots.push({
        kind: "member",
        offset: member.bitOffset / 8,
        bytes: member.bytes,
        member,
      });
      continue;
    }
    const last = run.at(-1);
    if (last !== undefined && Math.floor(member.bitOffset / 8) > endByte(last)) endRun();
    run.push(member);
  }
  endRun();
  return slots;
}

/** Returns the offset after a bit-field. */
function endByte(member: Member): number {
  return Math.ceil((member.bitOffset + member.bits) / 8);
}

/**
 * Alignment in languages that lay out types themselves.
 *
 * @param natural alignment of a type that is not a record or array
 */
export class Alignments {
  readonly #natural: (type: Type) => number;
  readonly #records = new Map<RecordType, { packed: boolean; align: number }>();

  /** See the class. */
  constructor(natural: (type: Type) => number) {
    this.#natural = natural;
  }

  /** Alignment of a type. */
  of(type: Type): number {
    if (type.kind === "array") return this.of(type.of);
    return type.kind === "record" ? this.#record(type).align : this.#natural(type);
  }

  /** Reports whether the language's own alignment would move members of a record. */
  isPacked(record: RecordType): boolean {
    return this.#record(record).packed;
  }

  #record(record: RecordType): { packed: boolean; align: number } {
    const known = this.#records.get(record);
    if (known !== undefined) return known;
    const aligns = record.members.map((member) => this.of(member.type));
    const align = Math.max(1, ...aligns);
    const fits = record.bytes % align === 0 &&
      record.members.every((member, i) => isInPlace(member, aligns[i] ?? 1));
    const result = { packed: !fits, align: fits ? align : 1 };
    this.#records.set(record, result);
    return result;
  }
}

function isInPlace(member: Member, align: number): boolean {
  if (member.bits === 0) return member.bitOffset % (align * 8) === 0;
  // A bit-field lies within one unit of its type.
  const unit = member.bytes * 8;
  return member.bitOffset % unit + member.bits <= unit;
}
