/** DWARF that lies: errors of ours, in bounded time and memory. */
import assert from "node:assert/strict";
import { ElfError, type ElfFile } from "../btf/mod.ts";
import { readEntries } from "./dwarf_reader.ts";

const le32 = (value: number) => [value, value >> 8, value >> 16, value >> 24].map((b) => b & 255);

/** Unit of version 5 with the entries in some bytes, whose abbreviations are at 0. */
const unit = (
  entries: number[],
) => [...le32(entries.length + 8), 5, 0, 1, 8, 0, 0, 0, 0, ...entries];

function elfOf(sections: Record<string, ArrayLike<number>>): ElfFile {
  const contents = new Map(
    Object.entries(sections).map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
  );
  return {
    section: (name: string) => contents.has(name) ? { name } : undefined,
    content: ({ name }: { name: string }) => contents.get(name),
  } as unknown as ElfFile;
}

const isDamaged = (error: unknown) => error instanceof ElfError && error.code === "BAD_DWARF";

/** Abbreviation 1: a structure without children, with one attribute of a form. */
const abbreviation = (attribute: number, form: number) => [1, 0x13, 0, attribute, form, 0, 0, 0];

Deno.test("readEntries() reads an entry", () => {
  const entries = readEntries(elfOf({
    ".debug_info": unit([1, 97, 0]),
    ".debug_abbrev": abbreviation(3, 0x08),
  }));
  assert.deepEqual([...entries.values()].map(({ name }) => name), ["a"]);
});

for (
  const [what, form, value] of [
    ["a negative index", 0x0d, [0x40]],
    ["an index of 64 bits", 0x07, [255, 255, 255, 255, 255, 255, 255, 255]],
    ["an offset outside", 0x0e, [255, 255, 255, 127]],
  ] as const
) {
  Deno.test(`readEntries() refuses a name with ${what}`, () => {
    const elf = elfOf({
      ".debug_info": unit([1, ...value]),
      ".debug_abbrev": abbreviation(3, form),
      ".debug_str": [0, 0, 0, 0],
      ".debug_str_offsets": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    });
    assert.throws(() => readEntries(elf), isDamaged);
  });
}

Deno.test("readEntries() refuses a file table outside of its section, with no files", () => {
  const entries = readEntries(elfOf({
    ".debug_info": unit([1, 255, 255, 255, 255]),
    ".debug_abbrev": abbreviation(0x10, 0x17),
    ".debug_line": [0],
  }));
  assert.deepEqual([...entries.values()].map(({ file }) => file), [""]);
});

Deno.test("readEntries() bounds attributes that take no bytes", () => {
  // Of each of 5,000 entries 10,000.
  const flags = Array.from({ length: 10_000 }, () => [0x3f, 0x19]).flat();
  const elf = elfOf({
    ".debug_info": unit(Array<number>(5_000).fill(1)),
    ".debug_abbrev": [1, 0x13, 0, ...flags, 0, 0, 0],
  });
  assert.throws(() => readEntries(elf), isDamaged);
});

Deno.test("readEntries() bounds names that overlap", () => {
  const names = new Uint8Array(70_000).fill(97).map((byte, i) => i % 4096 === 4095 ? 0 : byte);
  const entries = Array.from({ length: 60_000 }, (_, i) => [1, ...le32(i)]).flat();
  const elf = elfOf({
    ".debug_info": unit(entries),
    ".debug_abbrev": abbreviation(3, 0x0e),
    ".debug_str": names,
  });
  // Some 120 MB of text.
  assert.throws(() => readEntries(elf), isDamaged);
});

Deno.test("readEntries() bounds tables of files that many entries name", () => {
  const files = Array.from({ length: 20_000 }, () => [97, 0, 0, 0, 0]).flat();
  const header = [0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
  const elf = elfOf({
    ".debug_info": unit(Array.from({ length: 20_000 }, () => [1, 0, 0, 0, 0]).flat()),
    ".debug_abbrev": abbreviation(0x10, 0x17),
    ".debug_line": [...header, 0, ...files, 0],
  });
  assert.equal(readEntries(elf).size, 20_000);
});
