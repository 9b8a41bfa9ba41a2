/** Tests of the functions of mapped files, from bytes of our own and from damaged ones. */
import assert from "node:assert/strict";
import { ImageFunctions, type ReadAt } from "./image_functions.ts";
import { type ProcessFiles, regionsIn, UserSymbols } from "./user_symbols.ts";

/** Makes an ELF file with one segment and the given functions. */
function image(functions: readonly (readonly [name: string, start: number, size: number])[]) {
  const names = `\0${functions.map(([name]) => `${name}\0`).join("")}`;
  const segmentsAt = 64, symbolsAt = 128;
  const symbolsBytes = (functions.length + 1) * 24;
  const namesAt = symbolsAt + symbolsBytes;
  const sectionsAt = Math.ceil((namesAt + names.length) / 8) * 8;
  const bytes = new Uint8Array(sectionsAt + 3 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, BigInt(segmentsAt), true);
  view.setBigUint64(40, BigInt(sectionsAt), true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 3, true);
  view.setUint32(segmentsAt, 1, true);
  view.setBigUint64(segmentsAt + 8, 0x1000n, true);
  view.setBigUint64(segmentsAt + 16, 0x401000n, true);
  view.setBigUint64(segmentsAt + 32, 0x1000n, true);
  functions.forEach(([name, start, size], i) => {
    const at = symbolsAt + (i + 1) * 24;
    view.setUint32(at, names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint8(at + 4, 0x12);
    view.setUint16(at + 6, 1, true);
    view.setBigUint64(at + 8, BigInt(start), true);
    view.setBigUint64(at + 16, BigInt(size), true);
  });
  bytes.set(new TextEncoder().encode(names), namesAt);
  const section = (i: number, type: number, at: number, size: number, link: number) => {
    const start = sectionsAt + i * 64;
    view.setUint32(start + 4, type, true);
    view.setBigUint64(start + 24, BigInt(at), true);
    view.setBigUint64(start + 32, BigInt(size), true);
    view.setUint32(start + 40, link, true);
  };
  section(1, 2, symbolsAt, symbolsBytes, 2);
  section(2, 3, namesAt, names.length, 0);
  return bytes;
}

function readerOf(bytes: Uint8Array): ReadAt {
  return (offset, to) => {
    if (offset > bytes.length) return 0;
    const part = bytes.subarray(offset, offset + to.length);
    to.set(part);
    return part.length;
  };
}

const ELF = image([["late", 0x401200, 0x40], ["main", 0x401100, 0x80], ["bare", 0x401300, 0]]);

Deno.test("ImageFunctions.find() names the function that an address is in", () => {
  const functions = ImageFunctions.read(readerOf(ELF));
  const at = (place: bigint) => {
    const address = functions.addressOf(place);
    const found = address === undefined ? undefined : functions.find(address);
    return found && `${found.name}+${found.offset}`;
  };
  assert.equal(at(0x1100n), "main+0");
  assert.equal(at(0x117fn), "main+127");
  assert.equal(at(0x1180n), undefined, "after the end of main");
  assert.equal(at(0x1210n), "late+16");
  assert.equal(at(0x1350n), "bare+80", "assembly without a size");
  assert.equal(at(0x10n), undefined, "outside of the segment");
});

Deno.test("ImageFunctions.read() takes every damaged file", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let i = 0; i < 3000; i++) {
    const bytes = ELF.slice(0, random(4) === 0 ? random(ELF.length) : ELF.length);
    for (let n = random(6); n >= 0; n--) {
      if (bytes.length > 0) bytes[random(bytes.length)] = random(3) === 0 ? 0xff : random(256);
    }
    const functions = ImageFunctions.read(readerOf(bytes));
    functions.find(functions.addressOf(0x1100n) ?? 0x401100n);
  }
});

const MAPS = `\
55550000-55552000 r-xp 00001000 08:01 42                 /usr/bin/a b
7fff0000-7fff2000 r-xp 00000000 00:00 0                  [vdso]
7fff4000-7fff5000 rw-p 00000000 00:00 0
`;

Deno.test("regionsIn() returns the regions of code", () => {
  assert.deepEqual(regionsIn(`${MAPS}nonsense\n`), [
    {
      start: 0x55550000n,
      end: 0x55552000n,
      offset: 0x1000n,
      major: 8,
      minor: 1,
      inode: 42n,
      path: "/usr/bin/a b",
    },
    {
      start: 0x7fff0000n,
      end: 0x7fff2000n,
      offset: 0n,
      major: 0,
      minor: 0,
      inode: 0n,
      path: "[vdso]",
    },
  ]);
});

function filesOf(maps: () => string): ProcessFiles & { opened: number } {
  const files = {
    opened: 0,
    maps,
    open: () => (files.opened++, 3),
    read: (_: number, offset: number, to: Uint8Array<ArrayBuffer>) => readerOf(ELF)(offset, to),
    close: () => {},
  };
  return files;
}

Deno.test("UserSymbols.find() names addresses, also after the process has ended", () => {
  let maps = MAPS;
  let now = 0;
  const files = filesOf(() => maps);
  const symbols = new UserSymbols(files, () => now);
  assert.equal(symbols.find(0x55550110n, 7), "main+0x10");
  maps = "";
  now = 5000;
  assert.equal(symbols.find(0x55550100n, 7), "main");
  assert.equal(symbols.find(0x555501f0n, 7), "[a b+0x4011f0]");
  assert.equal(symbols.find(0x7fff0010n, 7), "[vdso]");
  assert.equal(symbols.find(0x1n, 7), undefined);
  assert.equal(symbols.find(0x55550110n, 7), "main+0x10");
  assert.equal(symbols.find(0x55550110n, 8), undefined, "another process, whose maps are gone");
  assert.equal(files.opened, 1);
});

Deno.test("UserSymbols.note() reads the files of a program that a process has started since", () => {
  let maps = MAPS.replace(" 42 ", " 41 ");
  const files = filesOf(() => maps);
  const symbols = new UserSymbols(files, () => 0);
  symbols.note(7);
  maps = MAPS;
  symbols.note(7, { again: true });
  assert.equal(files.opened, 2);
  symbols.note(7, { again: true });
  maps = "";
  assert.equal(symbols.find(0x55550110n, 7), "main+0x10");
  assert.equal(files.opened, 2);
});
