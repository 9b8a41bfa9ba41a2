/** Values of records equal those of the readers that `gen typescript` writes, for types of a corpus. */
import assert from "node:assert/strict";
import { emitTypeScript } from "../../bindgen/emit/typescript.ts";
import { modelOf } from "../../bindgen/generate.ts";
import { camel } from "../../bindgen/names.ts";
import { readSource } from "../../bindgen/source.ts";
import { Btf, ElfFile, resolve } from "../../ebpf/btf/mod.ts";
import { guestSchema, planOfSchema, valuePlan, valueReader } from "../../records/mod.ts";
import { compileCorpus, COMPILERS, type CorpusObject } from "../support/bindgen/corpus.ts";
import { TestFolder } from "../support/folder.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { SOAK, soakSize } from "../support/soak.ts";

/** Inputs of each type. */
const ROUNDS = soakSize({ short: 4, whole: 400 });
/** ./dev test uses the same types each time, ./dev soak random ones. */
const seed = SOAK || Deno.env.has("SEED") ? chooseSeed() : 1;

type Readers = Record<string, unknown>;

/** Compares both readers for each struct and union with a name; returns their number. */
async function compare({ name, object }: CorpusObject, folder: string): Promise<number> {
  const bytes = await Deno.readFile(object);
  const { model } = modelOf(readSource(bytes), { wanted: [], name });
  const parts = { header: ["Made for a test."], name, goPackage: "", rustTrait: "" };
  const file = `${folder}/${name}.ts`;
  await Deno.writeTextFile(file, emitTypeScript(model, parts));
  const readers: Readers = await import(`file://${file}`);
  const elf = new ElfFile(bytes);
  const section = elf.section(".BTF");
  assert.ok(section);
  const btf = new Btf(elf.content(section));
  const random = new Random(seed);
  let compared = 0;
  for (const type of model.types) {
    if (type.kind !== "record" || type.name === "" || type.hinted) continue;
    const same = model.types.filter((other) => other.name === type.name);
    const [id] = btf.find(type.name, () => true);
    const reader = name.startsWith("collide") ? undefined : readerOf(readers, type.name);
    if (same.length > 1 || id === undefined || reader === undefined) continue;
    const { type: found } = resolve(btf, id);
    if (found.kind !== type.form) continue;
    const own = valueReader<unknown>(valuePlan(btf, id));
    for (let round = 0; round < ROUNDS; round++) {
      const at = random.below(9);
      const input: Uint8Array<ArrayBuffer> = Uint8Array.from(
        { length: type.bytes + at },
        () => random.below(256),
      );
      // Texts that end, and are valid.
      if (round % 2 === 1) input.forEach((byte, i) => input[i] = byte & 0x7f & -(byte & 1));
      const view: DataView = new DataView(input.buffer);
      const what: string = `${name}: ${type.name}, round ${round}, SEED=${seed}`;
      const expected: unknown = reader(view, at);
      assert.deepEqual(own(view, at), expected, what);
    }
    compared++;
  }
  return compared;
}

/** Finds the reader of a type; undefined if names of several types collide in TypeScript. */
function readerOf(
  readers: Readers,
  name: string,
): ((view: DataView, at: number) => unknown) | undefined {
  const plain = (text: string) => text.replace(/_|\d/g, "").toLowerCase();
  const keys = Object.keys(readers).filter((key) => plain(key) === `read${plain(name)}`);
  const [key = ""] = keys.length === 1 ? keys : keys.filter((key) => key === `read${camel(name)}`);
  return readers[key] as ReturnType<typeof readerOf>;
}

Deno.test("records() returns what the readers of gen typescript return", async () => {
  using folder = new TestFolder();
  const objects = await compileCorpus(folder.path, seed, COMPILERS.slice(SOAK ? 0 : -1));
  let compared = 0;
  for (const object of objects) compared += await compare(object, folder.path);
  assert.ok(compared > 100, `${compared}`);
});

Deno.test("values of a schema of text are those of its types", () => {
  const text = "u64 ts @time; s64 left; u32 saddr @ipv4; s8 small; u8 kind @enum(EXEC, EXIT); " +
    "bool is; void *p; char comm[4]; u8 name[4]; u8 raw[4]; s8 list[2]; u16 m[2][2]; " +
    "float f; double d; __int128 big; struct { u32 a; struct { s16 b; } in; } out";
  const { schema } = guestSchema(new Uint8Array(), text, "events");
  const view = new DataView(new ArrayBuffer(schema.size));
  const at = (name: string) => schema.fields.find((field) => field.name === name)?.offset ?? -1;
  view.setBigUint64(at("ts"), 2n ** 64n - 1n, true);
  view.setBigInt64(at("left"), -3n, true);
  view.setUint32(at("saddr"), 0x0100007f, true);
  view.setInt8(at("small"), -4);
  view.setUint8(at("kind"), 1);
  view.setUint8(at("is"), 2);
  view.setBigUint64(at("p"), 2n ** 63n, true);
  for (const name of ["comm", "name", "raw", "list"]) view.setUint16(at(name), 0xff41, true);
  for (let i = 0; i < 4; i++) view.setUint16(at("m") + 2 * i, i, true);
  view.setFloat32(at("f"), 0.5, true);
  view.setFloat64(at("d"), -0.25, true);
  view.setBigInt64(at("big"), -1n, true);
  view.setBigInt64(at("big") + 8, -1n, true);
  view.setUint32(at("out.a"), 9, true);
  view.setInt16(at("out.in.b"), -9, true);
  assert.deepEqual(valueReader(planOfSchema(schema))(view), {
    ...{ ts: 2n ** 64n - 1n, left: -3n, saddr: 0x0100007f, small: -4, kind: 1, is: true },
    ...{ p: 2n ** 63n, comm: "A\ufffd", name: "A\ufffd", raw: new Uint8Array([0x41, 0xff, 0, 0]) },
    ...{ list: [0x41, -1], m: [[0, 1], [2, 3]], f: 0.5, d: -0.25, big: -1n },
    out: { a: 9, in: { b: -9 } },
  });
});
