import assert from "node:assert/strict";
import { BtfBuilder } from "../tests/support/btf_builder.ts";
import { cpuMs } from "../tests/support/timely.ts";
import { Kind } from "../ebpf/btf/btf_types.ts";
import { generate, type Target, TARGETS } from "./mod.ts";

const LANGUAGES = TARGETS.filter((target) => target !== "skeleton");

/** Every target refuses the bytes with the same error, and soon. */
function refuses(bytes: Uint8Array<ArrayBuffer>, message: RegExp, name = "BtfError"): void {
  for (const target of LANGUAGES) {
    assert.throws(() => make(bytes, target), { name, message }, target);
  }
}

/** Every target makes something of the bytes, and soon. */
function accepts(bytes: Uint8Array<ArrayBuffer>): void {
  for (const target of LANGUAGES) assert.ok(make(bytes, target).length > 0);
}

function make(bytes: Uint8Array<ArrayBuffer>, target: Target): string {
  let failure: { error: unknown } | undefined;
  let text = "";
  const tookMs = cpuMs(() => {
    try {
      text = generate(bytes, { target, source: "hostile.o" }).text;
    } catch (error) {
      failure = { error };
    }
  });
  // A second on an idle machine; ten next to forty other threads, whose data fills the caches.
  assert.ok(tookMs < 30_000, `${target} took ${tookMs} ms`);
  if (failure !== undefined) throw failure.error;
  return text;
}

function word(bytes: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

function simple(): BtfBuilder {
  const btf = new BtfBuilder();
  btf.record("s", 4, [{ name: "a", type: btf.int("int", 4, 1), bitOffset: 0 }]);
  return btf;
}

Deno.test("generate() refuses bytes that are neither ELF nor BTF", () => {
  for (const bytes of [[], [0], [0x7f, 0x45, 0x4c], [0x23, 0x21]]) {
    refuses(new Uint8Array(bytes), /neither an ELF file nor raw BTF/);
  }
});

Deno.test("generate() refuses an ELF file that is truncated, 32-bit, big-endian, or without BTF", () => {
  const elf = new Uint8Array(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  refuses(elf.slice(0, 63), /cut off/, "ElfError");
  refuses(elf.slice().fill(1, 4, 5), /32-bit/, "ElfError");
  refuses(elf.slice().fill(2, 5, 6), /big-endian/, "ElfError");
  refuses(elf, /no section \.BTF/);
});

Deno.test("generate() refuses sections outside of the file", () => {
  const elf = new Uint8Array(256);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(elf.buffer);
  view.setUint16(0x3a, 64, true);
  for (const [table, count] of [[64n, 0xfeff], [0xffffffffffffffffn, 1], [250n, 1]] as const) {
    view.setBigUint64(0x28, table, true);
    view.setUint16(0x3c, count, true);
    refuses(elf, /lies outside of the file/, "ElfError");
  }
  // The number is in the first section, and exceeds the maximum.
  view.setBigUint64(0x28, 64n, true);
  view.setUint16(0x3c, 0, true);
  view.setBigUint64(64 + 32, 0xffffffffffffn, true);
  refuses(elf, /has 281474976710655 sections/, "ElfError");
});

Deno.test("generate() refuses a header with wrong offsets", () => {
  const bytes = () => simple().bytes();
  refuses(word(bytes(), 4, 0xffffffff), /header is cut off/);
  refuses(word(bytes(), 4, 8), /header is cut off/);
  refuses(word(bytes(), 12, 0xfffffff0), /types lie outside/);
  refuses(word(bytes(), 20, 0xfffffff0), /names lie outside/);
  refuses(word(bytes(), 16, 0), /overlap/);
  refuses(word(bytes(), 0, 0x0002eb9f), /version 2|not enclosed|version/);
  refuses(bytes().slice(0, 20), /cut off/);
  refuses(word(bytes(), 0, 0x00019feb), /big-endian/);
});

Deno.test("generate() refuses wrong counts and kinds", () => {
  const at = 24 + 16 + 4;
  const info = (kind: number, vlen: number) => (kind << 24 | vlen) >>> 0;
  refuses(word(simple().bytes(), at, info(Kind.Struct, 0xffff)), /type 2 is cut off/);
  refuses(word(simple().bytes(), at, info(0, 1)), /unknown kind 0/);
  refuses(word(simple().bytes(), at, info(31, 1)), /unknown kind 31/);
});

Deno.test("generate() refuses names that are outside, unterminated or too long", () => {
  const at = 24 + 16;
  refuses(word(simple().bytes(), at, 0xffffff), /a name has no end/);
  const btf = new BtfBuilder();
  btf.record("n".repeat(600), 0, []);
  refuses(btf.bytes(), /longer than 511/);
});

Deno.test("generate() refuses overlapping names that would exhaust memory", () => {
  const btf = new BtfBuilder();
  const long = btf.string("n".repeat(511));
  const type = btf.int("int", 4);
  for (let i = 0; i < 20; i++) {
    const members = Array.from({ length: 10_000 }, (_, k) => [long + k % 511, type, 0]).flat();
    btf.raw({ name: `r${i}`, kind: Kind.Union, vlen: 10_000, word: 4 }, ...members);
  }
  assert.throws(() => make(btf.bytes(), "c"), {
    name: "BtfError",
    message: /output would exceed 48 MiB/,
  });
});

Deno.test("generate() refuses types that contain themselves", () => {
  const own = new BtfBuilder();
  own.record("s", 8, [{ name: "s", type: 1, bitOffset: 0 }]);
  refuses(own.bytes(), /nested too deep/);

  const two = new BtfBuilder();
  two.record("a", 8, [{ name: "b", type: 2, bitOffset: 0 }]);
  two.record("b", 8, [{ name: "a", type: 1, bitOffset: 0 }]);
  refuses(two.bytes(), /nested too deep/);

  const array = new BtfBuilder();
  array.array(1, 2);
  array.record("s", 8, [{ name: "a", type: 1, bitOffset: 0 }]);
  refuses(array.bytes(), /nested too deep/);

  const alias = new BtfBuilder();
  alias.typedef("a", 2);
  alias.typedef("b", 1);
  refuses(alias.bytes(), /cycle of names/);
});

Deno.test("generate() accepts pointers that form a cycle", () => {
  const btf = new BtfBuilder();
  btf.pointer(2);
  btf.record("s", 8, [{ name: "next", type: 1, bitOffset: 0 }]);
  btf.pointer(3);
  btf.record("p", 8, [{ name: "self", type: 3, bitOffset: 0 }]);
  accepts(btf.bytes());
});

Deno.test("generate() refuses types nested a hundred deep", () => {
  const btf = new BtfBuilder();
  let type = btf.int("int", 4);
  for (let i = 0; i < 100; i++) type = btf.record("", 4, [{ name: "m", type, bitOffset: 0 }]);
  btf.record("top", 4, [{ name: "m", type, bitOffset: 0 }]);
  refuses(btf.bytes(), /nested too deep/);
});

Deno.test("generate() refuses anonymous types that double with each level", () => {
  for (const leaf of [true, false]) {
    const btf = new BtfBuilder();
    const int = btf.int("int", 0x10);
    let type = btf.record("", 16, leaf ? [{ name: "x", type: int, bitOffset: 0 }] : [], Kind.Union);
    for (let i = 0; i < 50; i++) {
      const twice = [{ name: "", type, bitOffset: 0 }, { name: "", type, bitOffset: 0 }];
      type = btf.record("", 16, twice, Kind.Union);
    }
    btf.record("top", 16, [{ name: "", type, bitOffset: 0 }]);
    for (const target of LANGUAGES) {
      try {
        make(btf.bytes(), target);
      } catch (error) {
        assert.ok(error instanceof Error && error.name === "BtfError", `${target}: ${error}`);
      }
    }
  }
});

Deno.test("generate() refuses arrays larger than the address space", () => {
  const btf = new BtfBuilder();
  let type = btf.int("int", 4);
  for (let i = 0; i < 8; i++) type = btf.array(type, 0xffffffff);
  btf.record("s", 8, [{ name: "a", type, bitOffset: 0 }]);
  refuses(btf.bytes(), /has \d/);
});

Deno.test("generate() refuses members that do not fit, overlap, or begin inside a byte", () => {
  const record = (bytes: number, ...offsets: number[]) => {
    const btf = new BtfBuilder();
    const type = btf.int("int", 4);
    btf.record("s", bytes, offsets.map((bitOffset, i) => ({ name: `m${i}`, type, bitOffset })));
    return btf.bytes();
  };
  refuses(record(4, 32), /does not fit/);
  refuses(record(2, 0), /does not fit/);
  refuses(record(8, 0, 16), /overlaps/);
  refuses(record(8, 4), /inside a byte/);
  refuses(record(4, 0xffffffff), /inside a byte|does not fit/);
});

Deno.test("generate() refuses bit-fields that contradict their types", () => {
  const bits = (type: (btf: BtfBuilder) => number, count: number) => {
    const btf = new BtfBuilder();
    btf.record("s", 64, [{ name: "b", type: type(btf), bitOffset: 0, bits: count }]);
    return btf.bytes();
  };
  refuses(bits((btf) => btf.int("int", 4), 33), /bit-field of 33 bits/);
  refuses(bits((btf) => btf.pointer(0), 3), /bit-field of 3 bits/);
  refuses(bits((btf) => btf.record("r", 4, []), 3), /bit-field of 3 bits/);
  accepts(bits((btf) => btf.int("int", 4), 32));
  accepts(bits((btf) => btf.int("wide", 16), 100));
});

Deno.test("generate() refuses values of types without values", () => {
  for (const kind of [Kind.Fwd, Kind.FuncProto, Kind.Func, Kind.Void]) {
    const btf = new BtfBuilder();
    const type = kind === Kind.Void ? 0 : btf.raw({ name: "x", kind });
    btf.record("s", 8, [{ name: "m", type, bitOffset: 0 }]);
    refuses(btf.bytes(), /has no size/);
  }
  const btf = new BtfBuilder();
  btf.record("s", 8, [{ name: "m", type: 0xffffff, bitOffset: 0 }]);
  refuses(btf.bytes(), /type 16777215 not found/);
});

Deno.test("generate() refuses numbers of odd sizes", () => {
  const int = new BtfBuilder();
  int.record("s", 4, [{ name: "m", type: int.int("odd", 3), bitOffset: 0 }]);
  refuses(int.bytes(), /has 3 bytes/);
  const float = new BtfBuilder();
  const type = float.raw({ name: "long double", kind: Kind.Float, word: 12 });
  float.record("s", 12, [{ name: "m", type, bitOffset: 0 }]);
  accepts(float.bytes());
});

Deno.test("generate() escapes names that would end a comment or a string", () => {
  const btf = new BtfBuilder();
  const type = btf.int('int */ #error "x', 4);
  const pointer = btf.pointer(btf.typedef("evil */\n#error", type));
  btf.record("s*/\n#error \x1b[31m", 12, [
    { name: "a b;\n", type, bitOffset: 0 },
    { name: "`${x}`", type: pointer, bitOffset: 32 },
  ]);
  for (const target of LANGUAGES) {
    const text = make(btf.bytes(), target);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, /#error|\x1b|\$\{x\}/, target);
  }
});

Deno.test("generate() bounds types with many members without bytes", () => {
  const btf = new BtfBuilder();
  let type = btf.record("", 0, []);
  for (let i = 0; i < 15; i++) {
    type = btf.record("", 0, [{ name: "", type, bitOffset: 0 }, { name: "", type, bitOffset: 0 }]);
  }
  for (let i = 0; i < 100_000; i++) {
    btf.record(`r${i}`, 0, [{ name: "", type, bitOffset: 0 }]);
  }
  refuses(btf.bytes(), /too many members/);
});
