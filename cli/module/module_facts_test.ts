import assert from "node:assert/strict";
import { assemble } from "../../tests/support/wat.ts";
import { bpfObjectsIn } from "./bpf_objects.ts";
import { describeModule } from "./module_facts.ts";

/** Returns the header of a relocatable object with ten section headers of 64 bytes at 1000. */
function elf(machine = 247, type = 1): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(header.buffer);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  view.setBigUint64(40, 1000n, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 10, true);
  return header;
}

Deno.test("bpfObjectsIn() finds only eBPF objects among ELF files", () => {
  const parts = [
    [1, 2, 3],
    elf(),
    [0x7f, 0x45],
    elf(62),
    elf(247, 2),
    elf(),
    new Uint8Array(2000),
    elf().subarray(0, 50),
  ];
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  assert.deepEqual([...bpfObjectsIn(bytes)].map(({ length }) => length), [1640, 1640]);
  assert.deepEqual([...bpfObjectsIn(new Uint8Array(0))], []);
});

Deno.test("describeModule() lists imports by module and exports, and reports damage", () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  assert.deepEqual(describeModule(empty), {
    sizeBytes: 8,
    imports: [],
    exports: [],
    bpfObjects: [],
    loadsOthers: false,
  });
  // Type 0 is () -> (); imports a.b and a.c; exports function 0 as "d".
  const module = Uint8Array.of(
    ...[...empty, 1, 4, 1, 0x60, 0, 0, 2, 13, 2, 1, 0x61, 1, 0x62, 0, 0, 1, 0x61, 1, 0x63, 0, 0],
    ...[7, 5, 1, 1, 0x64, 0, 0],
  );
  const { imports, exports } = describeModule(module);
  assert.deepEqual(imports, [{ module: "a", names: ["b", "c"] }]);
  assert.deepEqual(exports, ["d"]);
  assert.throws(() => describeModule(empty.slice(0, 5)), { code: "MODULE_INVALID" });
  assert.throws(() => describeModule(module.slice(0, -1)), { code: "BAD_MODULE" });
});

Deno.test("describeModule() finds an object that the linker split at zeros", () => {
  const text = (bytes: Uint8Array) =>
    [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const object = elf();
  const data = (at: number, bytes: Uint8Array) => `(data (i32.const ${at}) "${text(bytes)}")`;
  const module = assemble(`(module (memory 2) (global $g i32 (i32.const 8))
    ${data(70_000, object.subarray(0, 8))} ${data(70_016, object.subarray(16, 20))}
    ${data(70_040, object.subarray(40))} (data (global.get $g) "${text(object)}")
    (data "${text(object)}") (data (i32.const 0x1ffff) "x"))`);
  const sizes = describeModule(module).bpfObjects.map(({ sizeBytes }) => sizeBytes);
  assert.deepEqual(sizes, [1640, 64, 64]);
});

Deno.test("describeModule() ends in bounded time when headers of objects are everywhere", () => {
  const text = [...elf()].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const module = assemble(`(module (memory 16) (data (i32.const 0) "${text.repeat(5000)}"))`);
  const { bpfObjects } = describeModule(module);
  assert.equal(bpfObjects.length, 257);
  assert.match(JSON.stringify(bpfObjects.at(-1)), /more than a guest can load/);
});
