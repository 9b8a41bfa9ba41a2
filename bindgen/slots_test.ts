import assert from "node:assert/strict";
import type { IntType, Member, RecordType } from "./model.ts";
import { Alignments, slotsOf } from "./slots.ts";

function int(bytes: IntType["bytes"]): IntType {
  return { kind: "int", bytes, signed: false, sense: "number" };
}

function member(name: string, bytes: IntType["bytes"], bitOffset: number, bits = 0): Member {
  return { name, type: int(bytes), bitOffset, bits, bytes };
}

function struct(bytes: number, ...members: Member[]): RecordType {
  return {
    kind: "record",
    form: "struct",
    name: "s",
    typedef: false,
    hinted: false,
    bytes,
    members,
  };
}

/** `kind offset+bytes` of each slot. */
function shape(record: RecordType): string[] {
  return slotsOf(record).map(({ kind, offset, bytes }) => `${kind} ${offset}+${bytes}`);
}

Deno.test("slotsOf() fills gaps between members and after the last", () => {
  const record = struct(24, member("a", 1, 0), member("b", 8, 64), member("c", 4, 128));
  assert.deepEqual(shape(record), [
    ...["member 0+1", "pad 1+7", "member 8+8", "member 16+4", "pad 20+4"],
  ]);
});

Deno.test("slotsOf() puts bit-fields together that share bytes or touch", () => {
  const bits = [member("a", 4, 0, 3), member("b", 4, 3, 9), member("c", 4, 16, 2)];
  assert.deepEqual(shape(struct(8, ...bits, member("d", 4, 40, 1))), [
    ...["bits 0+3", "pad 3+2", "bits 5+1", "pad 6+2"],
  ]);
});

Deno.test("slotsOf() returns padding or nothing for a record without members", () => {
  assert.deepEqual(shape(struct(0)), []);
  assert.deepEqual(shape(struct(3)), ["pad 0+3"]);
});

Deno.test("Alignments.isPacked() detects records that a compiler would lay out otherwise", () => {
  const alignments = new Alignments((type) => type.kind === "int" ? type.bytes : 1);
  const natural = struct(16, member("a", 1, 0), member("b", 8, 64));
  assert.equal(alignments.isPacked(natural), false);
  assert.equal(alignments.of(natural), 8);
  const packed = struct(9, member("a", 1, 0), member("b", 8, 8));
  assert.equal(alignments.isPacked(packed), true);
  assert.equal(alignments.of(packed), 1);
  // The size alone gives it away.
  assert.equal(alignments.isPacked(struct(10, member("a", 8, 0))), true);
  // A bit-field of 32 bits lies within its 4 bytes, or not.
  assert.equal(
    alignments.isPacked(struct(8, member("a", 4, 0, 20), member("b", 4, 32, 20))),
    false,
  );
  assert.equal(alignments.isPacked(struct(8, member("a", 4, 0, 20), member("b", 4, 20, 20))), true);
});
