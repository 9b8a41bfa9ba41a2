/** WASI's functions, called as a guest would: layouts, error numbers, and bytes left alone. */
import assert from "node:assert/strict";
import { ALL_FAMILIES } from "../../runtime/wasi/everything.ts";
import {
  PLAIN_FAMILIES,
  PLAIN_FUNCTIONS,
  WASI_FUNCTIONS,
  type WasiFamily,
} from "../../runtime/wasi/mod.ts";
import { Errno, host, PAGE, untouched } from "../support/wasi_calls.ts";

Deno.test("every function of preview 1 is there, and no other", () => {
  using wasi = host();
  assert.equal(WASI_FUNCTIONS.length, 46);
  assert.deepEqual(wasi.names, [...WASI_FUNCTIONS]);
});

Deno.test("args_sizes_get counts strings, and bytes with their NULs", () => {
  using wasi = host({ args: ["guest", "", "é"] });
  assert.equal(wasi.call("args_sizes_get", 100, 200), Errno.SUCCESS);
  assert.equal(wasi.view.getUint32(100, true), 3);
  assert.equal(wasi.view.getUint32(200, true), 6 + 1 + 3);
});

Deno.test("args_get writes pointers and strings, and nothing after them", () => {
  using wasi = host({ args: ["guest", "", "é"] });
  assert.equal(wasi.call("args_get", 96, 108), Errno.SUCCESS);
  assert.deepEqual([96, 100, 104].map((at) => wasi.view.getUint32(at, true)), [108, 114, 115]);
  assert.equal(wasi.memory.cString(108), "guest");
  assert.equal(wasi.memory.cString(114), "");
  assert.equal(wasi.memory.cString(115), "é");
  assert.ok(untouched(wasi, 96, 12 + 10));
});

Deno.test("args_get takes ranges up to the last byte, and faults one further", () => {
  using wasi = host({ args: ["abc", "d"] });
  assert.equal(wasi.call("args_get", PAGE - 14, PAGE - 6), Errno.SUCCESS);
  assert.equal(wasi.memory.cString(PAGE - 2), "d");
  for (const [argv, buf] of [[0, PAGE - 5], [PAGE - 7, 0], [-1, 0], [0, -1], [-8, -6]] as const) {
    assert.equal(wasi.call("args_get", argv, buf), Errno.FAULT, `${argv} ${buf}`);
  }
});

Deno.test("environ_get gives NAME=value", () => {
  using wasi = host({ env: { HOME: "/root", EMPTY: "", ODD: "a=b" } });
  assert.equal(wasi.call("environ_sizes_get", 0, 4), Errno.SUCCESS);
  assert.equal(wasi.view.getUint32(0, true), 3);
  assert.equal(wasi.call("environ_get", 0, 100), Errno.SUCCESS);
  const strings = [0, 4, 8].map((at) => wasi.memory.cString(wasi.view.getUint32(at, true)));
  assert.deepEqual(strings, ["HOME=/root", "EMPTY=", "ODD=a=b"]);
});

Deno.test("without arguments and environment nothing is written but two zeros", () => {
  using wasi = host({ args: [] });
  for (const name of ["args", "environ"]) {
    assert.equal(wasi.call(`${name}_sizes_get`, 0, 4), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(0, true), 0n);
    assert.equal(wasi.call(`${name}_get`, PAGE, PAGE), Errno.SUCCESS);
  }
  assert.ok(untouched(wasi, 0, 8));
});

for (const [clock, name] of ["realtime", "monotonic", "process", "thread"].entries()) {
  Deno.test(`clock_time_get and clock_res_get know clock ${clock}, ${name}`, () => {
    using wasi = host();
    assert.equal(wasi.call("clock_time_get", clock, 1n, 100), Errno.SUCCESS);
    assert.ok(untouched(wasi, 100, 8));
    assert.equal(wasi.call("clock_res_get", clock, 100), Errno.SUCCESS);
    const resolution = wasi.view.getBigUint64(100, true);
    assert.ok(resolution > 0n && resolution <= 100_000_000n, String(resolution));
  });
}

Deno.test("clocks that are not the specification's are EINVAL", () => {
  using wasi = host();
  for (const clock of [4, 7, 11, 0x7fff_ffff, -1, -2]) {
    assert.equal(wasi.call("clock_time_get", clock, 0n, 0), Errno.INVAL, String(clock));
    assert.equal(wasi.call("clock_res_get", clock, 0), Errno.INVAL, String(clock));
  }
  assert.ok(untouched(wasi));
});

Deno.test("clocks fault outside the memory", () => {
  using wasi = host();
  for (const at of [PAGE - 7, PAGE, -1, -8]) {
    assert.equal(wasi.call("clock_time_get", 0, 0n, at), Errno.FAULT, String(at));
    assert.equal(wasi.call("clock_res_get", 0, at), Errno.FAULT, String(at));
  }
});

Deno.test("random_get fills its range and nothing else", () => {
  using wasi = host();
  assert.equal(wasi.call("random_get", 1000, 64), Errno.SUCCESS);
  assert.ok(untouched(wasi, 1000, 64) && !untouched(wasi));
  assert.equal(wasi.call("random_get", PAGE - 8, 8), Errno.SUCCESS);
});

Deno.test("random_get of nothing is success up to the end of memory", () => {
  using wasi = host();
  for (const at of [0, PAGE]) assert.equal(wasi.call("random_get", at, 0), Errno.SUCCESS);
  assert.ok(untouched(wasi));
});

Deno.test("random_get faults where a byte lies outside, and writes none", () => {
  using wasi = host();
  for (const [at, size] of [[PAGE - 7, 8], [0, PAGE + 1], [0, -1], [-1, 1], [-8, 16]] as const) {
    assert.equal(wasi.call("random_get", at, size), Errno.FAULT, `${at} ${size}`);
  }
  assert.ok(untouched(wasi));
});

Deno.test("fd_fdstat_get writes 24 bytes: type, flags, rights", () => {
  using wasi = host();
  // Rights of streams, in addition to reading or writing: flags, filestat, sync and poll.
  const stream = 0x820_0019n;
  for (const [fd, rights] of [[0, 0x02n], [1, 0x40n], [2, 0x40n]] as const) {
    assert.equal(wasi.call("fd_fdstat_get", fd, 104), Errno.SUCCESS);
    assert.ok(wasi.view.getUint8(104) <= 7);
    assert.equal(wasi.view.getUint8(105), 0);
    assert.equal(wasi.view.getUint16(106, true), 0);
    const seek = 0x24n;
    assert.equal(wasi.view.getBigUint64(112, true) & ~seek, rights | stream);
    assert.equal(wasi.view.getBigUint64(120, true), 0n);
  }
  assert.ok(untouched(wasi, 104, 24));
});

Deno.test("fd_fdstat_get faults where a byte lies outside", () => {
  using wasi = host();
  for (const at of [PAGE - 23, PAGE, -1, -24]) {
    assert.equal(wasi.call("fd_fdstat_get", 1, at), Errno.FAULT, String(at));
  }
  assert.ok(untouched(wasi));
});

Deno.test("descriptors that are not open are EBADF", () => {
  using wasi = host();
  for (const fd of [3, 4, 100, 0x7fff_ffff, -1]) {
    assert.equal(wasi.call("fd_fdstat_get", fd, 0), Errno.BADF);
    assert.equal(wasi.call("fd_prestat_get", fd, 0), Errno.BADF);
    assert.equal(wasi.call("fd_prestat_dir_name", fd, 0, 0), Errno.BADF);
    assert.equal(wasi.call("fd_close", fd), Errno.BADF);
    assert.equal(wasi.call("fd_write", fd, 0, 0, 0), Errno.BADF);
  }
  assert.ok(untouched(wasi));
});

Deno.test("fd_close closes once, for this guest only", () => {
  using wasi = host();
  assert.deepEqual([wasi.call("fd_close", 1), wasi.call("fd_close", 1)], [0, Errno.BADF]);
  assert.equal(wasi.call("fd_write", 1, 0, 0, 0), Errno.BADF);
  using other = host();
  assert.equal(other.call("fd_write", 1, 0, 0, 0), Errno.SUCCESS);
});

Deno.test("fd_write to standard input is ENOTCAPABLE", () => {
  using wasi = host();
  assert.equal(wasi.call("fd_write", 0, 0, 0, 0), Errno.NOTCAPABLE);
});

Deno.test("proc_exit passes the guest's code on, as an unsigned number", () => {
  using wasi = host();
  for (const code of [0, 7, 255, -1]) assert.throws(() => wasi.call("proc_exit", code));
  assert.deepEqual(wasi.exits, [0, 7, 255, 0xffff_ffff]);
});

Deno.test("sched_yield is success", () => {
  using wasi = host();
  assert.equal(wasi.call("sched_yield"), Errno.SUCCESS);
});

Deno.test("PLAIN_FAMILIES hold every function of PLAIN_FUNCTIONS that there is", () => {
  const names = (families: readonly WasiFamily[]) => {
    const context = { args: [], env: {} } as unknown as Parameters<WasiFamily>[0];
    return families.flatMap((family) => Object.keys(family(context)));
  };
  const plain = names(PLAIN_FAMILIES);
  const all = names(ALL_FAMILIES);
  for (const name of PLAIN_FUNCTIONS) {
    assert.ok(WASI_FUNCTIONS.some((known) => known === name), name);
    assert.equal(plain.includes(name), all.includes(name), name);
  }
});
