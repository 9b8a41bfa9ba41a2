/**
 * Compares `gen`'s output for a corpus of objects and for types of this kernel with clang's view of
 * the original, in each language: sizes, offsets, and values of random bytes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { RESERVED } from "../../bindgen/emit/c.ts";
import { modelOf } from "../../bindgen/generate.ts";
import { innermost } from "../../bindgen/hoist.ts";
import type { Model, RecordType } from "../../bindgen/model.ts";
import { readSource } from "../../bindgen/source.ts";
import {
  buildAssemblyScript,
  buildC,
  buildGo,
  buildNative,
  buildRust,
  buildTypeScript,
  type Program,
  type Reader,
  readersOf,
  type Subject,
  typeName,
} from "../support/bindgen/builds.ts";
import {
  compileCorpus,
  CORPUS_FOLDER,
  type CorpusObject,
  dumpLayouts,
  inParallel,
  runTool,
} from "../support/bindgen/corpus.ts";
import { type Layout, readLayouts } from "../support/bindgen/record_layouts.ts";
import {
  cName,
  expectDecoded,
  flattenDecoded,
  namedRecords,
  tameBools,
} from "../support/bindgen/values.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { SOAK } from "../support/soak.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
const KERNEL_TYPES = 200;
const ROUNDS = 3;
/** Names differ between languages: compiled, with their layouts compared, but not read. */
const RENAMED = /^(keywords|collide)_/;

/** ./dev test uses the same types each time, ./dev soak random ones. */
const seed = SOAK || Deno.env.has("SEED") ? chooseSeed() : 1;
const folder = await Deno.makeTempDir({ prefix: "bindgen-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const objects = await compileCorpus(folder, seed);
const corpus = objects.map((object) => subjectOf(object));
const kernel = await kernelSubject(new Random(seed));

function subjectOf({ name, compiler, source, object }: CorpusObject): Subject {
  const { model } = modelOf(readSource(Deno.readFileSync(object)), { wanted: [], name });
  return {
    name,
    batch: compiler.replace("-", ""),
    model,
    original: `#include "${CORPUS_FOLDER}/corpus.h"\n#include "${source}"`,
    isRead: !RENAMED.test(name),
  };
}

/** Returns types of the kernel, and bpftool's header for the same BTF. */
async function kernelSubject(random: Random): Promise<Subject> {
  const source = readSource(await Deno.readFile(VMLINUX));
  const all = namedRecords(modelOf(source, { wanted: [], name: "" }).model);
  const counts = new Map<string, number>();
  for (const { name } of all) counts.set(name, (counts.get(name) ?? 0) + 1);
  const isOnce = ({ name }: RecordType) => counts.get(name) === 1;
  const usable = all.filter((record) =>
    record.bytes > 0 && record.bytes < 4096 && !record.typedef && isSameElsewhere(record, isOnce)
  );
  const names = new Set<string>();
  while (names.size < KERNEL_TYPES) names.add(cName(random.pick(usable)));
  const header = join(folder, "vmlinux.h");
  const dump = await runTool("/usr/sbin/bpftool", ["btf", "dump", "file", VMLINUX, "format", "c"]);
  await Deno.writeTextFile(header, dump);
  const model: Model = modelOf(source, { wanted: [...names], name: "" }).model;
  return {
    name: "vmlinux",
    batch: "kernel",
    model,
    isRead: true,
    original: [
      "#define BPF_NO_PRESERVE_ACCESS_INDEX",
      // <stdint.h> already defines them, as the other of two 64-bit types.
      ...["#define uint64_t kernel_uint64_t", "#define int64_t kernel_int64_t"],
      ...[`#include "${header}"`, "#undef uint64_t", "#undef int64_t"],
    ].join("\n"),
  };
}

/**
 * Reports whether a type can be compared. Debian 12's bpftool gives one-byte enumerations four
 * bytes, `gen c` renames types that wasi-libc defines, and each numbers types of one name in its
 * own order.
 */
function isSameElsewhere(record: RecordType, isOnce: (record: RecordType) => boolean): boolean {
  if (["timeval", "timespec", "iovec"].includes(record.name)) return false;
  // `gen c` renames keywords of C++.
  if ([record, ...record.members].some(({ name }) => RESERVED.has(name))) return false;
  if (record.name !== "" && !isOnce(record)) return false;
  return record.members.every(({ type }) => {
    const inner = innermost(type);
    if (inner.kind === "enum") return inner.bytes === 4;
    return inner.kind !== "record" || isSameElsewhere(inner, isOnce);
  });
}

const compiled = [...corpus, kernel];
const batches = [...new Set(compiled.map(({ batch }) => batch))];

Deno.test(`gen: a corpus of ${corpus.length} objects (SEED=${seed})`, () => {
  assert.ok(corpus.length >= 40);
  for (const { name, model } of corpus) assert.ok(namedRecords(model).length > 0, name);
});

Deno.test("gen c: sizes, offsets and bits match clang's for the original", async () => {
  await inParallel(objects, async ({ name, compiler, source }) => {
    const subject = corpus.find((other) => other.name === name);
    assert.ok(subject);
    await compareLayouts(subject, {
      original: await dumpLayouts(compiler, {
        file: source,
        types: namedRecords(subject.model).map((record) => cName(record)),
        options: ["-target", "bpf"],
      }),
      needed: 1,
    });
  });
});

Deno.test("gen c: sizes, offsets and bits of this kernel's types match bpftool's header", async () => {
  const original = await dumpLayouts("clang-19", {
    file: join(folder, "vmlinux.h"),
    types: namedRecords(kernel.model).map((record) => cName(record)),
    options: ["-target", "bpf"],
  });
  await compareLayouts(kernel, { original, needed: KERNEL_TYPES });
});

async function compareLayouts(
  { name, model }: Subject,
  { original, needed }: { original: string; needed: number },
): Promise<void> {
  const expected = readLayouts(original);
  const header = join(folder, `${name}.layout.h`);
  const { EMITTERS } = await import("../../bindgen/emit/mod.ts");
  await Deno.writeTextFile(
    header,
    EMITTERS.c(model, { header: [], name, goPackage: "", rustTrait: "" }),
  );
  const actual = readLayouts(
    await dumpLayouts("clang", {
      file: header,
      types: namedRecords(model).map((record) => cName(record)),
      options: ["--target=wasm32-wasi", "--sysroot=/", "-isystem", "/usr/include/wasm32-wasi"],
    }),
  );
  let compared = 0;
  for (const record of namedRecords(model)) {
    const key = record.typedef ? record.name : cName(record);
    const [one, other] = [find(expected, key), find(actual, key)];
    assert.ok(one && other, `${name}: ${key} is not in both dumps`);
    assert.deepEqual(plain(other), plain(one), `${name}: ${key}`);
    compared++;
  }
  assert.ok(compared >= needed, `${name}: only ${compared}`);
}

/** For a type without a tag, clang prints its typedef or its keyword. */
function find(layouts: ReadonlyMap<string, Layout>, name: string): Layout | undefined {
  return layouts.get(name) ?? layouts.get(`struct ${name}`) ?? layouts.get(`union ${name}`);
}

function plain({ bytes, places }: Layout): unknown {
  return { bytes, places: Object.fromEntries([...places].sort(([a], [b]) => a < b ? -1 : 1)) };
}

/** Values that the original's readers return, by reader and round: the reference for all others. */
type Truth = Map<Reader, { input: Uint8Array<ArrayBuffer>; numbers: BigUint64Array }[]>;
let truth: Truth | undefined;

async function findTruth(): Promise<Truth> {
  if (truth !== undefined) return truth;
  const found: Truth = new Map();
  const random = new Random(seed);
  for (const batch of batches) {
    const subjects = compiled.filter((subject) => subject.batch === batch);
    using native = await buildNative(folder, subjects);
    for (const [i, reader] of readersOf(subjects).entries()) {
      const rounds = Array.from({ length: ROUNDS }, () => {
        const input = new Uint8Array(reader.record.bytes);
        for (let at = 0; at < input.length; at++) input[at] = random.next();
        tameBools(reader.record, input);
        return { input, numbers: native.run(i, input) };
      });
      found.set(reader, rounds);
    }
  }
  return truth = found;
}

/** Checks that every reader of a program returns the original's numbers. */
async function compareValues(program: Program, subjects: readonly Subject[]): Promise<void> {
  const known = [...await findTruth()];
  let compared = 0;
  for (const [i, { subject, record }] of readersOf(subjects).entries()) {
    const [, rounds = []] = known.find(([reader]) => reader.record === record) ?? [];
    for (const { input, numbers } of rounds) {
      assert.deepEqual(program.run(i, input), numbers, `${subject.name}: ${cName(record)}`);
      compared += numbers.length;
    }
  }
  assert.ok(compared > 1000, `${compared} values`);
}

Deno.test("gen c: readers that clang compiles for wasm32 return the original's values", async () => {
  for (const batch of batches) {
    const subjects = compiled.filter((subject) => subject.batch === batch);
    await compareValues(await buildC(folder, subjects), subjects);
  }
});

/** C++17 has no designated arrays, and other keywords than C. */
const CXX = ["-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];

Deno.test("gen c: g++ and clang++ compile the header of every object and of the kernel", async () => {
  const { EMITTERS } = await import("../../bindgen/emit/mod.ts");
  await inParallel(compiled, async ({ name, batch, model }) => {
    const header = join(folder, `${name}.${batch}.cxx.h`);
    const text = EMITTERS.c(model, { header: [], name, goPackage: "", rustTrait: "" });
    await Deno.writeTextFile(header, text);
    // Included, as users do: a header compiled alone warns of unused definitions.
    const source = join(folder, `${name}.${batch}.cc`);
    await Deno.writeTextFile(source, `#include "${header}"\n`);
    for (const compiler of ["g++", "clang++"]) await runTool(compiler, [...CXX, source]);
  });
});

Deno.test("gen rust: readers that rustc compiles for wasm32 return the original's values", async () => {
  await compareValues(await buildRust(folder, compiled), compiled);
});

Deno.test("gen go: readers that Go compiles for wasm return the original's values", async () => {
  await compareValues(await buildGo(folder, compiled), compiled);
});

Deno.test("gen assemblyscript: readers that asc compiles return the original's values", async () => {
  await compareValues(await buildAssemblyScript(folder, compiled), compiled);
});

Deno.test("gen typescript: decoders return the original's values", async () => {
  const modules = await buildTypeScript(folder, compiled);
  for (const [{ subject, record }, rounds] of await findTruth()) {
    const name = typeName(subject.model, record);
    const module = modules.get(subject) ?? {};
    const read = module[`read${name}`] as (view: DataView) => Record<string, unknown>;
    assert.equal(module[`sizeOf${name}`], record.bytes);
    for (const { input, numbers } of rounds) {
      const decoded = read(new DataView(input.buffer));
      assert.deepEqual(
        flattenDecoded(record, decoded),
        expectDecoded(record, numbers[Symbol.iterator]()),
        `${subject.name}: ${cName(record)}`,
      );
    }
    if (record.bytes > 0) {
      assert.throws(() => read(new DataView(new ArrayBuffer(record.bytes - 1))), RangeError);
    }
  }
});
