import assert from "node:assert/strict";
import { FileType, fileTypeOf, timesOf } from "./filestat.ts";

/** `fstflags` of the specification. */
const [ATIM, ATIM_NOW, MTIM, MTIM_NOW] = [1, 2, 4, 8] as const;
/** Ways to set a time: leave, set, now. */
const [LEAVE, SET, NOW] = [0n, 1n, 2n] as const;

Deno.test("timesOf() leaves, sets or updates each time by its flags", () => {
  const how = (flags: number) => {
    const [atim, a, mtim, m] = timesOf(10n, 20n, flags) ?? [];
    assert.deepEqual([atim, mtim], [10n, 20n]);
    return [a, m];
  };
  assert.deepEqual(how(0), [LEAVE, LEAVE]);
  assert.deepEqual(how(ATIM), [SET, LEAVE]);
  assert.deepEqual(how(ATIM_NOW), [NOW, LEAVE]);
  assert.deepEqual(how(MTIM), [LEAVE, SET]);
  assert.deepEqual(how(MTIM_NOW), [LEAVE, NOW]);
  assert.deepEqual(how(ATIM | MTIM_NOW), [SET, NOW]);
  assert.deepEqual(how(ATIM_NOW | MTIM), [NOW, SET]);
});

Deno.test("timesOf() refuses flags that contradict each other, and those that there are not", () => {
  for (const flags of [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 15, 16, 0x8000, ATIM | 0x100]) {
    assert.equal(timesOf(0n, 0n, flags), undefined, String(flags));
  }
});

Deno.test("timesOf() takes times as unsigned, as WebAssembly's i64 does not", () => {
  const [atim, , mtim] = timesOf(-1n, -(1n << 63n), ATIM | MTIM) ?? [];
  assert.deepEqual([atim, mtim], [(1n << 64n) - 1n, 1n << 63n]);
});

Deno.test("fileTypeOf() has the specification's number for each kind, and none for a pipe", () => {
  const modes = [0o060660, 0o020666, 0o040755, 0o100644, 0o140777, 0o120777, 0o010644, 0];
  const { BlockDevice, CharacterDevice, Directory, RegularFile, SocketStream } = FileType;
  const { SymbolicLink, Unknown } = FileType;
  assert.deepEqual(modes.map(fileTypeOf), [
    ...[BlockDevice, CharacterDevice, Directory, RegularFile, SocketStream, SymbolicLink],
    ...[Unknown, Unknown],
  ]);
  assert.deepEqual(Object.values(FileType), [0, 1, 2, 3, 4, 5, 6, 7]);
});
