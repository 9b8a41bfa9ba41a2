import assert from "node:assert/strict";
import {
  FdTable,
  RIGHT_FD_READ,
  RIGHT_FD_SEEK,
  RIGHT_FD_TELL,
  RIGHT_FD_WRITE,
} from "./fd_table.ts";

Deno.test("FdTable has the specification's bits for rights", () => {
  assert.deepEqual(
    [RIGHT_FD_READ, RIGHT_FD_SEEK, RIGHT_FD_TELL, RIGHT_FD_WRITE],
    [0x02n, 0x04n, 0x20n, 0x40n],
  );
});

Deno.test("FdTable starts with the standard streams: one to read, two to write", () => {
  const table = new FdTable();
  const may = (fd: number, right: bigint) => ((table.get(fd)?.rights ?? 0n) & right) !== 0n;
  assert.deepEqual([0, 1, 2].map((fd) => may(fd, RIGHT_FD_READ)), [true, false, false]);
  assert.deepEqual([0, 1, 2].map((fd) => may(fd, RIGHT_FD_WRITE)), [false, true, true]);
});

Deno.test("FdTable.get() finds nothing under other numbers", () => {
  const table = new FdTable();
  for (const fd of [3, -1, 0x7fff_ffff, -0x8000_0000, 1.5, NaN]) {
    assert.equal(table.get(fd), undefined, String(fd));
  }
});

Deno.test("FdTable.close() forgets a descriptor, once", () => {
  const table = new FdTable();
  assert.deepEqual([table.close(1), table.close(1), table.get(1)], [true, false, undefined]);
  assert.ok(table.get(2));
});

Deno.test("FdTable.close() of one guest closes nothing of another's", () => {
  const table = new FdTable();
  table.close(1);
  assert.ok(new FdTable().get(1));
});
