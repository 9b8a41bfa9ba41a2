import assert from "node:assert/strict";
import { Descriptor, FdTable, MAX_DESCRIPTORS } from "./fd_table.ts";
import { Right } from "./rights.ts";

/** A descriptor that notes when it is closed. */
function tracked(closed: number[], hostFd: number): Descriptor {
  return new Descriptor({ hostFd, type: 4, rights: 0, release: (fd) => (closed.push(fd), 0) });
}

Deno.test("FdTable starts with the standard streams: one to read, two to write", () => {
  const table = new FdTable();
  const may = (fd: number, right: number) => ((table.get(fd)?.rights ?? 0) & right) !== 0;
  assert.deepEqual([0, 1, 2].map((fd) => may(fd, Right.FdRead)), [true, false, false]);
  assert.deepEqual([0, 1, 2].map((fd) => may(fd, Right.FdWrite)), [false, true, true]);
});

Deno.test("FdTable.get() finds nothing under other numbers", () => {
  const table = new FdTable();
  for (const fd of [3, -1, 0x7fff_ffff, -0x8000_0000, 1.5, NaN]) {
    assert.equal(table.get(fd), undefined, String(fd));
  }
});

Deno.test("FdTable.close() forgets a descriptor, once", () => {
  const table = new FdTable();
  assert.deepEqual([table.close(1), table.close(1), table.get(1)], [0, undefined, undefined]);
  assert.ok(table.get(2));
});

Deno.test("FdTable.close() of one guest closes nothing of another's", () => {
  const table = new FdTable();
  table.close(1);
  assert.ok(new FdTable().get(1));
});

Deno.test("FdTable.add() takes the lowest free number, of the standard streams too", () => {
  const table = new FdTable();
  const added = () => table.add(tracked([], 9));
  assert.deepEqual([added(), added(), added()], [3, 4, 5]);
  table.close(4);
  table.close(3);
  assert.deepEqual([added(), added(), added()], [3, 4, 6]);
  table.close(1);
  table.close(5);
  assert.deepEqual([added(), added(), added()], [1, 5, 7]);
});

Deno.test("FdTable.add() refuses more than a guest may have", () => {
  const table = new FdTable();
  for (let fd = 3; fd < MAX_DESCRIPTORS; fd++) assert.equal(table.add(tracked([], fd)), fd);
  assert.equal(table.add(tracked([], 1)), -1);
  table.close(77);
  assert.equal(table.add(tracked([], 1)), 77);
});

Deno.test("FdTable.renumber() moves a descriptor and closes the one that was there", () => {
  const table = new FdTable();
  const closed: number[] = [];
  const [from, to] = [table.add(tracked(closed, 100)), table.add(tracked(closed, 200))];
  assert.equal(table.renumber(from, to), 0);
  assert.deepEqual([closed, table.get(to)?.hostFd, table.get(from)], [[200], 100, undefined]);
  assert.equal(table.add(tracked(closed, 300)), from);
});

Deno.test("FdTable.renumber() to itself keeps it, and to nothing is refused", () => {
  const table = new FdTable();
  const closed: number[] = [];
  const fd = table.add(tracked(closed, 100));
  assert.equal(table.renumber(fd, fd), 0);
  for (const other of [fd + 1, -1, 0x7fff_ffff]) {
    assert.equal(table.renumber(fd, other), undefined);
    assert.equal(table.renumber(other, fd), undefined);
  }
  assert.deepEqual([closed, table.get(fd)?.hostFd], [[], 100]);
});

Deno.test("FdTable closes everything that it opened when it is disposed, once", () => {
  const closed: number[] = [];
  const table = new FdTable();
  for (const hostFd of [100, 200, 300]) table.add(tracked(closed, hostFd));
  table.close(4);
  table[Symbol.dispose]();
  table[Symbol.dispose]();
  assert.deepEqual(closed, [200, 100, 300]);
});
