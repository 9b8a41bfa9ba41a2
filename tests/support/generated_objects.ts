/** Changed eBPF objects: parts of them that lie, are cut, huge, or lead to each other. */
import { ElfFile } from "../../ebpf/btf/mod.ts";
import type { Random } from "./random.ts";

/** Wrong values for lengths, counts, offsets and ids. */
const NUMBERS = [0, 1, 2, 3, 4, 8, 12, 0x7f, 0xff, 0xffff, 0x10000, 0x100000]
  .concat([0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]);

/** Parts of an object that are changed. */
export type ObjectPart = "tables" | "btf" | "dwarf" | "code";

const SECTIONS: Readonly<Record<ObjectPart, RegExp>> = {
  tables: /^\.(symtab|strtab|shstrtab|rel.*|maps|rodata.*|bss|data.*)$/,
  btf: /^\.BTF(\.ext)?$/,
  dwarf: /^\.debug_/,
  code: /^(?!\.)/,
};

type Region = readonly [start: number, end: number];

const regions = new WeakMap<Uint8Array, Map<ObjectPart, readonly Region[]>>();

function regionsOf(bytes: Uint8Array<ArrayBuffer>, part: ObjectPart): readonly Region[] {
  const known = regions.get(bytes) ?? new Map<ObjectPart, readonly Region[]>();
  regions.set(bytes, known);
  const found = known.get(part) ?? findRegions(bytes, part);
  known.set(part, found);
  return found;
}

function findRegions(bytes: Uint8Array<ArrayBuffer>, part: ObjectPart): readonly Region[] {
  const sections = new ElfFile(bytes).sections
    .filter(({ name, hasBytes, size }) => hasBytes && size > 0 && SECTIONS[part].test(name))
    .map(({ offset, size }): Region => [offset, offset + size]);
  if (part !== "tables") return sections;
  const table = Number(new DataView(bytes.buffer).getBigUint64(0x28, true));
  return [[0, 64], [table, bytes.length], [table, bytes.length], ...sections];
}

/** Returns a function that changes a part of an object, by one to six words, copies or a cut. */
export function changedPart(
  part: ObjectPart,
): (sample: Uint8Array, random: Random) => Uint8Array<ArrayBuffer> {
  return (sample, random) => {
    const original = sample as Uint8Array<ArrayBuffer>;
    const places = regionsOf(original, part);
    let bytes = original.slice();
    for (let left = 1 + random.below(6); left > 0; left--) {
      const [start, end] = random.pick(places);
      if (start >= bytes.length) continue;
      const at = Math.min(start + random.below(end - start), bytes.length - 1);
      bytes = changeAt(bytes, { at, start, end }, random);
    }
    return bytes;
  };
}

function changeAt(
  bytes: Uint8Array<ArrayBuffer>,
  { at, start, end }: { at: number; start: number; end: number },
  random: Random,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  // Words of tables and BTF are at multiples of four from the start; those of DWARF are anywhere.
  const word = random.below(2) === 0 ? at : start + ((at - start) & ~3);
  const isWord = word + 4 <= bytes.length;
  switch (random.below(8)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ 1 << random.below(8);
      break;
    case 1:
      bytes[at] = random.next();
      break;
    case 2:
    case 3:
      if (isWord) view.setUint32(word, random.pick(NUMBERS), true);
      break;
    case 4:
      // Ids of types, and offsets: some lead back.
      if (isWord) view.setUint32(word, random.below(200), true);
      break;
    case 5:
      if (isWord) view.setInt32(word, view.getInt32(word, true) + random.below(9) - 4, true);
      break;
    case 6: {
      const from = start + random.below(Math.max(1, end - start));
      bytes.copyWithin(at, from, Math.min(from + random.below(96), end, bytes.length));
      break;
    }
    default:
      if (random.below(12) === 0) return bytes.slice(0, at);
  }
  return bytes;
}
