/** WASI's functions, called as a guest would: layouts, error numbers, and bytes left alone. */
import assert from "node:assert/strict";
import { errno, Interrupt, system } from "../../ffi/mod.ts";
import { GuestMemory } from "../../runtime/guest_memory.ts";
import { ALL_FAMILIES } from "../../runtime/wasi/everything.ts";
import {
  FdTable,
  PLAIN_FAMILIES,
  PLAIN_FUNCTIONS,
  WASI_FUNCTIONS,
  type WasiFamily,
  wasiImports,
} from "../../runtime/wasi/mod.ts";
import "../support/whole_shim.ts";

const PAGE = 65536;
const FILL = 0x3f;
/** More than a machine is held up; waits that must not be waited for take an hour. */
const HELD_UP_MS = 120_000;

/** Numbers of `errno` in the specification. */
const Errno = { SUCCESS: 0, BADF: 8, FAULT: 21, INVAL: 28, NOSYS: 52, NOTCAPABLE: 76 } as const;

interface Host extends Disposable {
  names: string[];
  call: (name: string, ...args: (number | bigint)[]) => number;
  memory: GuestMemory;
  view: DataView;
  exits: number[];
  interrupt: Interrupt;
}

interface HostOptions {
  args?: string[];
  env?: Record<string, string>;
  families?: readonly WasiFamily[];
}

/** WASI for a guest of one page, filled with '?'. */
function host(options: HostOptions = {}): Host {
  const linear = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(linear.buffer).fill(FILL);
  const memory = new GuestMemory();
  memory.bind(linear);
  const interrupt = Interrupt.create();
  const exits: number[] = [];
  const fds = new FdTable();
  const imports = wasiImports({
    memory,
    interrupt,
    attend: () => {},
    fds,
    args: options.args ?? ["guest"],
    env: options.env ?? {},
    exit: (code) => {
      exits.push(code);
      throw new Error("exit");
    },
  }, options.families ?? ALL_FAMILIES);
  return {
    names: Object.keys(imports),
    call: (name, ...args) =>
      (imports[name] as unknown as (...args: (number | bigint)[]) => number)(...args),
    memory,
    view: new DataView(linear.buffer),
    exits,
    interrupt,
    [Symbol.dispose]: () => {
      fds[Symbol.dispose]();
      interrupt.close();
      memory[Symbol.dispose]();
    },
  };
}

/** Reports whether all bytes are as they were, except `size` bytes at `offset`. */
function untouched({ view }: Host, offset = 0, size = 0): boolean {
  const bytes = new Uint8Array(view.buffer);
  return bytes.every((byte, i) => byte === FILL || (i >= offset && i < offset + size));
}

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

/** Writes a clock's subscription at `at`, and returns the result of `poll_oneoff`. */
function putSubscription(
  { view }: Host,
  at: number,
  { clock = 1, timeoutNs = 0n, flags = 0, userdata = 0x0123_4567_89ab_cdefn, tag = 0 },
): void {
  view.setBigUint64(at, userdata, true);
  view.setUint8(at + 8, tag);
  view.setUint32(at + 16, clock, true);
  view.setBigUint64(at + 24, timeoutNs, true);
  view.setBigUint64(at + 32, 0n, true);
  view.setUint16(at + 40, flags, true);
}

function pollMs(wasi: Host): { errno: number; ms: number } {
  const start = performance.now();
  const errno = wasi.call("poll_oneoff", 0, 1024, 1, 2048);
  return { errno, ms: performance.now() - start };
}

Deno.test("poll_oneoff of a clock writes one event of 32 bytes", () => {
  using wasi = host();
  putSubscription(wasi, 0, {});
  assert.equal(wasi.call("poll_oneoff", 0, 1024, 1, 2048), Errno.SUCCESS);
  assert.equal(wasi.view.getBigUint64(1024, true), 0x0123_4567_89ab_cdefn);
  assert.equal(wasi.view.getUint16(1032, true), Errno.SUCCESS);
  assert.equal(wasi.view.getUint8(1034), 0);
  assert.equal(wasi.view.getBigUint64(1040, true), 0n);
  assert.equal(wasi.view.getUint16(1048, true), 0);
  assert.equal(wasi.view.getUint32(2048, true), 1);
  new Uint8Array(wasi.view.buffer).fill(FILL, 0, 48);
  new Uint8Array(wasi.view.buffer).fill(FILL, 1024, 1056);
  assert.ok(untouched(wasi, 2048, 4));
});

Deno.test("poll_oneoff waits for a relative time, of either clock", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    putSubscription(wasi, 0, { clock, timeoutNs: 30_000_000n });
    const { errno, ms } = pollMs(wasi);
    assert.equal(errno, Errno.SUCCESS);
    assert.ok(ms >= 30 && ms < HELD_UP_MS, `${ms} ms`);
  }
});

Deno.test("poll_oneoff waits for an absolute time, of either clock", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    wasi.call("clock_time_get", clock, 0n, 512);
    const timeoutNs = wasi.view.getBigUint64(512, true) + 30_000_000n;
    putSubscription(wasi, 0, { clock, timeoutNs, flags: 1 });
    assert.equal(pollMs(wasi).errno, Errno.SUCCESS);
    wasi.call("clock_time_get", clock, 0n, 512);
    const late = wasi.view.getBigUint64(512, true) - timeoutNs;
    assert.ok(late >= 0n && late < BigInt(HELD_UP_MS) * 1_000_000n, `${late} ns`);
  }
});

Deno.test("poll_oneoff does not wait for a time that is over", () => {
  using wasi = host();
  for (const clock of [0, 1]) {
    putSubscription(wasi, 0, { clock, timeoutNs: 1n, flags: 1 });
    const { errno, ms } = pollMs(wasi);
    assert.equal(errno, Errno.SUCCESS);
    assert.ok(ms < HELD_UP_MS, `${ms} ms`);
  }
});

Deno.test("poll_oneoff that is interrupted succeeds early, and the next one waits", () => {
  using wasi = host();
  wasi.interrupt.raise();
  putSubscription(wasi, 0, { timeoutNs: 3_600_000_000_000n });
  assert.ok(pollMs(wasi).ms < HELD_UP_MS);
  assert.equal(wasi.view.getUint32(2048, true), 1);
  assert.equal(wasi.view.getUint16(1032, true), Errno.SUCCESS);
  putSubscription(wasi, 0, { timeoutNs: 30_000_000n });
  const { errno, ms } = pollMs(wasi);
  assert.equal(errno, Errno.SUCCESS);
  assert.ok(ms >= 30, `${ms} ms`);
});

Deno.test("poll_oneoff of nothing is EINVAL", () => {
  using wasi = host();
  for (const count of [0, -1, -0x8000_0000]) {
    assert.equal(wasi.call("poll_oneoff", 0, 1024, count, 2048), Errno.INVAL, String(count));
  }
});

Deno.test("poll_oneoff of CPU clocks and unknown ones is EINVAL", () => {
  using wasi = host();
  for (const clock of [2, 3, 4, 0xffff_ffff]) {
    putSubscription(wasi, 0, { clock });
    assert.equal(pollMs(wasi).errno, Errno.INVAL, String(clock));
  }
});

Deno.test("poll_oneoff faults before it sleeps", () => {
  using wasi = host();
  const hour = 3_600_000_000_000n;
  putSubscription(wasi, 0, { timeoutNs: hour });
  putSubscription(wasi, PAGE - 48, { timeoutNs: hour });
  for (
    const [input, output, count, countOut] of [
      [PAGE - 47, 1024, 1, 2048],
      [-48, 1024, 1, 2048],
      [0, PAGE - 31, 1, 2048],
      [0, -1, 1, 2048],
      [0, 1024, 1, PAGE - 3],
      [0, 1024, 1, -4],
      [0, 1024, 4096, 2048],
    ] as const
  ) {
    assert.equal(wasi.call("poll_oneoff", input, output, count, countOut), Errno.FAULT);
  }
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

/** A file, and its descriptor in this process, which Deno does not expose. */
class OpenFile implements Disposable {
  readonly #path = Deno.makeTempFileSync();
  readonly #file = Deno.openSync(this.#path, { write: true });
  readonly fd: number;

  constructor() {
    const entry = [...Deno.readDirSync("/proc/self/fd")].find(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`) === this.#path;
      } catch {
        // The descriptor that lists the folder is gone by now.
        return false;
      }
    });
    this.fd = Number(entry?.name);
  }

  get content(): string {
    return Deno.readTextFileSync(this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
    Deno.removeSync(this.#path);
  }
}

/** Where the list of ciovecs, the count of written bytes and the text stand. */
const [LIST, WRITTEN, TEXT] = [8192, 4096, 32768];
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Writes ranges of the alphabet, or any others, by `shim_fd__write`. */
function write(
  { memory, view }: Host,
  file: OpenFile,
  ranges: readonly (readonly [offset: number, size: number])[],
): number {
  memory.write(TEXT, new TextEncoder().encode(LETTERS));
  ranges.forEach(([offset, size], i) => {
    view.setUint32(LIST + i * 8, offset, true);
    view.setUint32(LIST + i * 8 + 4, size, true);
  });
  return system.write(file.fd, memory.linear, LIST, ranges.length, WRITTEN);
}

Deno.test("fd_write gathers ciovecs in their order", () => {
  using wasi = host();
  using file = new OpenFile();
  assert.equal(write(wasi, file, [[TEXT + 3, 2], [TEXT, 1], [TEXT + 25, 1]]), 0);
  assert.equal(file.content, "deaz");
  assert.equal(wasi.view.getUint32(WRITTEN, true), 4);
});

Deno.test("fd_write of no ciovecs, or of empty ones, writes nothing", () => {
  using wasi = host();
  using file = new OpenFile();
  for (const ranges of [[], [[TEXT, 0]], [[TEXT, 0], [PAGE, 0], [0xffff_ffff, 0]]] as const) {
    wasi.view.setUint32(WRITTEN, 99, true);
    assert.equal(write(wasi, file, ranges), 0);
    assert.equal(wasi.view.getUint32(WRITTEN, true), 0);
  }
  assert.equal(file.content, "");
});

Deno.test("fd_write passes over empty ciovecs, however many", () => {
  using wasi = host();
  using file = new OpenFile();
  const empty = Array.from({ length: 500 }, () => [TEXT, 0] as const);
  assert.equal(write(wasi, file, [...empty, [TEXT, 3], ...empty, [TEXT + 3, 2]]), 0);
  assert.equal(file.content, "abcde");
});

Deno.test("fd_write of many ciovecs writes the first of them and returns how much", () => {
  using wasi = host();
  using file = new OpenFile();
  const ranges = Array.from({ length: 1000 }, (_, i) => [TEXT + i % 26, 1] as const);
  assert.equal(write(wasi, file, ranges), 0);
  const written = wasi.view.getUint32(WRITTEN, true);
  assert.ok(written >= 1 && written <= 1000);
  assert.equal(file.content, LETTERS.repeat(39).slice(0, written));
});

Deno.test("fd_write takes a whole memory, and the last byte alone", () => {
  using wasi = host();
  using file = new OpenFile();
  assert.equal(write(wasi, file, [[0, PAGE], [PAGE - 1, 1]]), 0);
  assert.equal(file.content.length, PAGE + 1);
});

Deno.test("fd_write faults at a range outside, and writes nothing at all", () => {
  using wasi = host();
  using file = new OpenFile();
  for (
    const range of [[PAGE, 1], [PAGE - 1, 2], [0, PAGE + 1], [0xffff_ffff, 1], [
      0xffff_ffff,
      0xffff_ffff,
    ], [TEXT, 0xffff_ffff]] as const
  ) {
    assert.equal(write(wasi, file, [[TEXT, 1], range]), -errno("EFAULT"), String(range));
  }
  assert.equal(file.content, "");
});

Deno.test("fd_write faults at a list or a result outside, and writes nothing at all", () => {
  using wasi = host();
  using file = new OpenFile();
  write(wasi, file, []);
  wasi.view.setUint32(LIST, TEXT, true);
  wasi.view.setUint32(LIST + 4, 1, true);
  const { linear } = wasi.memory;
  for (
    const [list, count, written] of [
      [LIST, 0xffff_ffff, WRITTEN],
      [LIST, 0x2000_0000, WRITTEN],
      [LIST, (PAGE - LIST) / 8 + 1, WRITTEN],
      [PAGE - 7, 1, WRITTEN],
      [0xffff_ffff, 1, WRITTEN],
      [LIST, 1, PAGE - 3],
      [LIST, 1, 0xffff_fffc],
    ] as const
  ) {
    const result = system.write(file.fd, linear, list, count, written);
    assert.equal(result, -errno("EFAULT"), `${list} ${count} ${written}`);
  }
  assert.equal(file.content, "");
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
