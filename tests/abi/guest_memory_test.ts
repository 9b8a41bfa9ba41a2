/**
 * Guest memory as host functions see it. Needs the shim, which finds each memory by its address.
 */
import assert from "node:assert/strict";
import { errno, LinearMemory, ShimError, system } from "../../ffi/mod.ts";
import { GuestFault, GuestMemory } from "../../runtime/guest_memory.ts";
import "../support/whole_shim.ts";

const PAGE = 65536;
const MAX_U32 = 0xffff_ffff;
const MAX_PAGES = 65536;

interface Bound extends Disposable {
  guest: GuestMemory;
  memory: WebAssembly.Memory;
}

/** Binds a guest's memory full of '?', so that one byte too many is noticed. */
function bound(pages = 1, fill = true): Bound {
  const memory = new WebAssembly.Memory({ initial: pages });
  if (fill) new Uint8Array(memory.buffer).fill("?".charCodeAt(0));
  const guest = new GuestMemory();
  guest.bind(memory);
  return { guest, memory, [Symbol.dispose]: () => guest[Symbol.dispose]() };
}

/** Accessors of `size` bytes. */
const ACCESSORS: readonly [
  name: string,
  size: number,
  use: (m: GuestMemory, at: number) => void,
][] = [
  ["getU8()", 1, (m, at) => m.getU8(at)],
  ["getU16()", 2, (m, at) => m.getU16(at)],
  ["getU32()", 4, (m, at) => m.getU32(at)],
  ["getU64()", 8, (m, at) => m.getU64(at)],
  ["setU8()", 1, (m, at) => m.setU8(at, 1)],
  ["setU16()", 2, (m, at) => m.setU16(at, 1)],
  ["setU32()", 4, (m, at) => m.setU32(at, 1)],
  ["setU64()", 8, (m, at) => m.setU64(at, 1n)],
  ["bytes()", 3, (m, at) => m.bytes(at, 3)],
  ["write()", 3, (m, at) => m.write(at, new Uint8Array(3))],
];

for (const [name, size, use] of ACCESSORS) {
  Deno.test(`GuestMemory.${name} takes the last ${size} bytes`, () => {
    using memory = bound();
    use(memory.guest, PAGE - size);
  });

  Deno.test(`GuestMemory.${name} faults when one byte is out of bounds`, () => {
    using memory = bound();
    assert.throws(() => use(memory.guest, PAGE - size + 1), GuestFault);
    assert.ok(new Uint8Array(memory.memory.buffer).every((byte) => byte === 0x3f));
  });

  Deno.test(`GuestMemory.${name} faults at addresses that wrap around`, () => {
    using memory = bound();
    for (const at of [PAGE, MAX_U32, MAX_U32 - size + 1, -1, -size, -PAGE, -0x8000_0000]) {
      assert.throws(() => use(memory.guest, at), GuestFault, String(at));
    }
  });

  Deno.test(`GuestMemory.${name} faults everywhere in a memory without pages`, () => {
    using memory = bound(0);
    for (const at of [0, 1, PAGE, -1]) assert.throws(() => use(memory.guest, at), GuestFault);
  });

  Deno.test(`GuestMemory.${name} faults before a memory is bound`, () => {
    using guest = new GuestMemory();
    for (const at of [0, PAGE, -1]) assert.throws(() => use(guest, at), GuestFault);
  });

  Deno.test(`GuestMemory.${name} reaches grown memory at once`, () => {
    using memory = bound();
    use(memory.guest, 0);
    memory.memory.grow(1);
    use(memory.guest, 2 * PAGE - size);
    assert.throws(() => use(memory.guest, 2 * PAGE - size + 1), GuestFault);
  });

  Deno.test(`GuestMemory.${name} reaches the end of a memory of 4 GiB, and not beyond`, () => {
    // Pages that are never written take no space.
    using memory = bound(MAX_PAGES, false);
    use(memory.guest, -size);
    use(memory.guest, MAX_U32 - size + 1);
    if (size > 1) assert.throws(() => use(memory.guest, MAX_U32 - size + 2), GuestFault);
  });
}

Deno.test("GuestMemory is little-endian", () => {
  using memory = bound();
  memory.guest.write(8, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0x88));
  assert.deepEqual(
    [memory.guest.getU8(8), memory.guest.getU16(8), memory.guest.getU32(8), memory.guest.getU64(8)],
    [1, 0x0201, 0x04030201, 0x8807060504030201n],
  );
});

Deno.test("GuestMemory writes what it reads, at any alignment", () => {
  using memory = bound();
  for (let at = 0; at < 16; at++) {
    memory.guest.setU64(at, 0xfedc_ba98_7654_3210n);
    assert.equal(memory.guest.getU64(at), 0xfedc_ba98_7654_3210n);
    memory.guest.setU32(at, 0xfedc_ba98);
    assert.equal(memory.guest.getU32(at), 0xfedc_ba98);
    memory.guest.setU16(at, 0xfedc);
    assert.equal(memory.guest.getU16(at), 0xfedc);
    memory.guest.setU8(at, 0xfe);
    assert.equal(memory.guest.getU8(at), 0xfe);
  }
});

Deno.test("GuestMemory.contains() accepts an empty range at the end, and none past it", () => {
  using memory = bound();
  assert.ok(memory.guest.contains(PAGE, 0));
  assert.ok(!memory.guest.contains(PAGE + 1, 0));
  assert.ok(!memory.guest.contains(-1, 0));
});

Deno.test("GuestMemory.contains() treats a negative size as a huge one", () => {
  using memory = bound();
  for (const size of [-1, -PAGE, -0x8000_0000]) assert.ok(!memory.guest.contains(0, size));
});

Deno.test("GuestMemory.contains() counts beyond 32 bits", () => {
  using memory = bound();
  assert.ok(!memory.guest.contains(1, MAX_U32));
  assert.ok(!memory.guest.contains(MAX_U32, MAX_U32));
  assert.ok(!memory.guest.contains(-0x8000_0000, -0x8000_0000));
});

Deno.test("GuestMemory.bytes() is a view, not a copy", () => {
  using memory = bound();
  memory.guest.bytes(10, 2).set([1, 2]);
  assert.deepEqual([...new Uint8Array(memory.memory.buffer, 9, 4)], [0x3f, 1, 2, 0x3f]);
});

Deno.test("GuestMemory follows a memory that grows by 0 pages", () => {
  using memory = bound();
  memory.guest.setU8(5, 7);
  memory.memory.grow(0);
  assert.equal(memory.guest.getU8(5), 7);
  assert.equal(memory.guest.bytes(0, PAGE).length, PAGE);
});

Deno.test("GuestMemory follows a memory that grows from 0 pages", () => {
  using memory = bound(0);
  assert.throws(() => memory.guest.getU8(0), GuestFault);
  memory.memory.grow(1);
  assert.equal(memory.guest.getU8(PAGE - 1), 0);
});

Deno.test("the shim follows a memory that grows", () => {
  using memory = bound(0, false);
  const time = (at: number) => system.clockTime(1, memory.guest.linear, at);
  assert.equal(time(0), -errno("EFAULT"));
  for (let pages = 1; pages <= 20; pages++) {
    memory.memory.grow(1);
    assert.equal(time(pages * PAGE - 8), 0);
    assert.notEqual(memory.guest.getU64(pages * PAGE - 8), 0n);
    assert.equal(time(pages * PAGE - 7), -errno("EFAULT"));
  }
});

Deno.test("the shim distinguishes two memories", () => {
  using small = bound(1);
  using large = bound(2);
  assert.equal(system.random(small.guest.linear, PAGE, 16), -errno("EFAULT"));
  assert.equal(system.random(large.guest.linear, PAGE, 16), 0);
  assert.ok(new Uint8Array(small.memory.buffer).every((byte) => byte === 0x3f));
});

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("GuestMemory.cString() reads UTF-8 up to the NUL", () => {
  using memory = bound();
  memory.guest.write(100, text("map é 漢 🐝\0more\0"));
  assert.equal(memory.guest.cString(100), "map é 漢 🐝");
});

Deno.test("GuestMemory.cString() is empty at a NUL", () => {
  using memory = bound();
  memory.guest.setU8(PAGE - 1, 0);
  assert.equal(memory.guest.cString(PAGE - 1), "");
});

Deno.test("GuestMemory.cString() accepts a NUL in the memory's last byte", () => {
  using memory = bound();
  memory.guest.write(PAGE - 4, text("end\0"));
  assert.equal(memory.guest.cString(PAGE - 4), "end");
});

Deno.test("GuestMemory.cString() faults without a NUL up to the end", () => {
  using memory = bound();
  for (const at of [0, PAGE - 1, PAGE - 100]) {
    assert.throws(() => memory.guest.cString(at), GuestFault);
  }
});

Deno.test("GuestMemory.cString() faults past the end", () => {
  using memory = bound();
  memory.guest.setU8(PAGE - 1, 0);
  for (const at of [PAGE, PAGE + 1, MAX_U32, -1, -PAGE]) {
    assert.throws(() => memory.guest.cString(at), GuestFault);
  }
});

Deno.test("GuestMemory.cString() accepts the longest string, and faults when it is one byte longer", () => {
  using memory = bound();
  memory.guest.setU8(4096, 0);
  assert.equal(memory.guest.cString(0), "?".repeat(4096));
  memory.guest.setU8(5, 0);
  assert.equal(memory.guest.cString(0, 5), "?????");
  assert.throws(() => memory.guest.cString(0, 4), GuestFault);
  memory.guest.setU8(5, 0x3f);
  memory.guest.setU8(4096, 0x3f);
  memory.guest.setU8(4097, 0);
  assert.throws(() => memory.guest.cString(0), GuestFault);
});

Deno.test("GuestMemory.cString() reads at the end of a memory of 4 GiB", () => {
  using memory = bound(MAX_PAGES, false);
  memory.guest.write(-3, text("ab"));
  assert.equal(memory.guest.cString(-3), "ab");
  assert.equal(memory.guest.cString(-1), "");
});

Deno.test("GuestMemory.cString() replaces bytes that are not UTF-8", () => {
  using memory = bound();
  memory.guest.write(0, Uint8Array.of(0x61, 0xff, 0xc3, 0));
  assert.equal(memory.guest.cString(0), "a\ufffd\ufffd");
});

/** Returns an xorshift32 generator: the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Picks an offset, often near an edge, where mistakes are; as an `i32`, which may be negative. */
function pickOffset(next: (below: number) => number, sizeBytes: number): number {
  switch (next(4)) {
    case 0:
      return sizeBytes - 20 + next(40);
    case 1:
      return (MAX_U32 - next(20)) | 0;
    case 2:
      return next(MAX_U32) | 0;
    default:
      return next(sizeBytes);
  }
}

function pickSize(next: (below: number) => number, sizeBytes: number): number {
  switch (next(4)) {
    case 0:
      return next(4);
    case 1:
      return sizeBytes - 20 + next(40);
    case 2:
      return next(MAX_U32) | 0;
    default:
      return next(64);
  }
}

Deno.test("GuestMemory agrees with a plain model in 4,000 random ranges", () => {
  const next = random(0x2545_f491);
  using memory = bound();
  let model = new Uint8Array(PAGE).fill(0x3f);
  for (let round = 0; round < 4000; round++) {
    if (round % 1000 === 999) {
      memory.memory.grow(1);
      const larger = new Uint8Array(model.length + PAGE);
      larger.set(model);
      model = larger;
    }
    const offset = pickOffset(next, model.length);
    const size = pickSize(next, model.length);
    const start = Number(BigInt.asUintN(32, BigInt(offset)));
    const end = start + Number(BigInt.asUintN(32, BigInt(size)));
    const inside = end <= model.length;
    assert.equal(memory.guest.contains(offset, size), inside, `${offset} ${size}`);
    if (!inside) {
      assert.throws(() => memory.guest.bytes(offset, size), GuestFault);
      assert.equal(system.random(memory.guest.linear, start, end - start), -errno("EFAULT"));
    } else {
      const value = next(256);
      memory.guest.bytes(offset, size).fill(value);
      model.fill(value, start, end);
    }
  }
  assert.deepEqual(new Uint8Array(memory.memory.buffer), model);
});

Deno.test("numbers agree with a plain model at 4,000 random addresses", () => {
  const next = random(0x9e37_79b9);
  using memory = bound();
  const model = new DataView(new Uint8Array(PAGE).fill(0x3f).buffer);
  const setters = [
    [1, (at: number, v: number) => memory.guest.setU8(at, v), "setUint8"],
    [2, (at: number, v: number) => memory.guest.setU16(at, v), "setUint16"],
    [4, (at: number, v: number) => memory.guest.setU32(at, v), "setUint32"],
  ] as const;
  for (let round = 0; round < 4000; round++) {
    const setter = setters[next(setters.length)];
    assert.ok(setter);
    const [size, set, modelSet] = setter;
    const offset = pickOffset(next, PAGE);
    const start = offset >>> 0;
    const value = next(MAX_U32);
    if (start + size > PAGE) {
      assert.throws(() => set(offset, value), GuestFault);
    } else {
      set(offset, value);
      model[modelSet](start, value, true);
    }
  }
  assert.deepEqual(new Uint8Array(memory.memory.buffer), new Uint8Array(model.buffer));
});

Deno.test("GuestMemory can be disposed of twice", () => {
  const { guest } = bound();
  guest[Symbol.dispose]();
  guest[Symbol.dispose]();
});

Deno.test("JavaScript reads a closed memory, and C no longer does", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const linear = new LinearMemory(memory);
  linear.close();
  // C reuses the slot of the closed memory for the next one.
  using other = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
  assert.equal(linear.bytes.length, PAGE);
  memory.grow(1);
  assert.equal(linear.bytes.length, 2 * PAGE);
  assert.throws(
    () => system.random(linear, 0, 4),
    (error) => error instanceof ShimError && error.code === "MEMORY_CLOSED",
  );
  // Memory that C wrongly keeps for the closed one would accept this write.
  assert.equal(system.random(other, PAGE, 1), -errno("EFAULT"));
  assert.ok(linear.bytes.every((byte) => byte === 0));
});
