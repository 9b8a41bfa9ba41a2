/** Readers of all subjects, built: one program in each language, with the real compilers. */
import { dirname, join } from "node:path";
import { findGo } from "../../../build/steps/go.ts";
import { cMembers } from "../../../bindgen/emit/c.ts";
import { EMITTERS } from "../../../bindgen/emit/mod.ts";
import { TypeNames } from "../../../bindgen/hoist.ts";
import type { Model, RecordType } from "../../../bindgen/model.ts";
import { camel, Names } from "../../../bindgen/names.ts";
import { CORPUS_FOLDER, inParallel, runTool } from "./corpus.ts";
import {
  assemblyScriptReaders,
  C_PROLOGUE,
  cMain,
  cReaders,
  goReaders,
  readRecords,
  RUST_PROLOGUE,
  rustMain,
  rustReaders,
} from "./values.ts";

/** An object's types, and where they come from. */
export interface Subject {
  /** Unique, and an identifier. */
  readonly name: string;
  /** Those of one batch have no names in common. */
  readonly batch: string;
  readonly model: Model;
  /** C that has the original types. */
  readonly original: string;
  /** True if its values are read. Else it is compiled: its names are not the same in all languages. */
  readonly isRead: boolean;
}

/** One record of a subject, and the number of its reader in a program. */
export interface Reader {
  readonly subject: Subject;
  readonly record: RecordType;
}

/** All records of subjects, in the order of the readers' numbers. */
export function readersOf(subjects: readonly Subject[]): Reader[] {
  return subjects.filter(({ isRead }) => isRead).flatMap((subject) =>
    readRecords(subject.model).map((record) => ({ subject, record }))
  );
}

/** A program of readers at work: fills in the input, runs a reader, gives its numbers. */
export interface Program {
  run(which: number, input: Uint8Array<ArrayBuffer>): BigUint64Array;
}

const WASI_C = [
  ...["--target=wasm32-wasi", "--sysroot=/", "-isystem", "/usr/include/wasm32-wasi"],
  ...["-L/usr/lib/wasm32-wasi", "-O0", "-nostartfiles", "-Wl,--no-entry"],
  ...["-Wl,--export=run", "-Wl,--export=get_input", "-Wl,--export=get_output"],
];

function headerOf(target: keyof typeof EMITTERS, { name, model, batch }: Subject): string {
  return EMITTERS[target](model, {
    header: ["Made for a test."],
    name,
    goPackage: batch,
    rustTrait: "crate::Plain",
  });
}

/** Builds the original types natively, with eBPF's sizes except for types that no test reads. */
export async function buildNative(
  folder: string,
  subjects: readonly Subject[],
): Promise<Program & Disposable> {
  const batch = subjects[0]?.batch ?? "none";
  const source = join(folder, `native_${batch}.c`);
  const text = subjects.filter(({ isRead }) => isRead).map(({ original, name, model }) =>
    `${original}\n${
      cReaders(readRecords(model), { prefix: `read_${name}_`, scope: () => new Names() })
    }`
  );
  await Deno.writeTextFile(source, C_PROLOGUE + text.join("\n") + cMain(readerNames(subjects)));
  const library = join(folder, `native_${batch}.so`);
  await runTool("clang-19", [
    ...["-O0", "-w", `-I${CORPUS_FOLDER}`, "-shared", "-fPIC", source, "-o", library],
  ]);
  const opened = Deno.dlopen(library, {
    run: { parameters: ["u32"], result: "u32" },
    get_input: { parameters: [], result: "pointer" },
    get_output: { parameters: [], result: "pointer" },
  });
  const { symbols } = opened;
  const input = Deno.UnsafePointerView.getArrayBuffer(pointer(symbols.get_input()), 1 << 16);
  const output = Deno.UnsafePointerView.getArrayBuffer(pointer(symbols.get_output()), 8 << 16);
  return {
    run(which, bytes) {
      new Uint8Array(input).set(bytes);
      return new BigUint64Array(output, 0, symbols.run(which)).slice();
    },
    [Symbol.dispose]: () => opened.close(),
  };
}

function pointer(value: Deno.PointerValue): Deno.PointerObject {
  if (value === null) throw new Error("a null pointer");
  return value;
}

function readerNames(subjects: readonly Subject[]): string[] {
  return subjects.filter(({ isRead }) => isRead).flatMap(({ name, model }) =>
    readRecords(model).map((_, i) => `read_${name}_${i}`)
  );
}

/**
 * Builds the output of `gen c` for wasm32: every warning of clang is an error, added padding as
 * well.
 */
export async function buildC(folder: string, subjects: readonly Subject[]): Promise<Program> {
  const batch = subjects[0]?.batch ?? "none";
  const headers = subjects.map((subject) => {
    Deno.writeTextFileSync(join(folder, `${subject.name}.h`), headerOf("c", subject));
    return `#include "${subject.name}.h"\n`;
  });
  const source = join(folder, `emitted_${batch}.c`);
  const text = subjects.filter(({ isRead }) => isRead).map(({ name, model }) =>
    cReaders(readRecords(model), { prefix: `read_${name}_`, scope: cMembers })
  );
  // Readers point to packed members, which the headers do not.
  const quiet = `#pragma clang diagnostic ignored "-Waddress-of-packed-member"\n`;
  await Deno.writeTextFile(
    source,
    headers.join("") + quiet + C_PROLOGUE + text.join("\n") + cMain(readerNames(subjects)),
  );
  const module = join(folder, `emitted_${batch}.wasm`);
  const strict = ["-Wall", "-Wextra", "-Wpadded", "-Werror"];
  await runTool("clang", [...WASI_C, ...strict, `-I${folder}`, source, "-o", module]);
  return await instantiate(module);
}

/** Builds the output of `gen rust` with Debian's compiler. */
export async function buildRust(folder: string, subjects: readonly Subject[]): Promise<Program> {
  const crate = join(folder, "rust");
  await Deno.mkdir(crate, { recursive: true });
  const modules = subjects.map((subject) => {
    const names = new TypeNames(subject.model, new Names(), camel);
    const text = `${headerOf("rust", subject)}\nuse crate::put;\n`;
    Deno.writeTextFileSync(
      join(crate, `${subject.name}.rs`),
      text + (subject.isRead ? rustReaders(subject.model, names) : ""),
    );
    return `mod ${subject.name};\n`;
  });
  const readers = readersOf(subjects).map(({ subject, record }) =>
    `${subject.name}::read_${typeName(subject.model, record)}`
  );
  await Deno.writeTextFile(
    join(crate, "lib.rs"),
    RUST_PROLOGUE + modules.join("") + rustMain(readers),
  );
  const module = join(crate, "readers.wasm");
  await runTool("/usr/bin/rustc", [
    ...["--edition", "2021", "--crate-type", "cdylib", "--target", "wasm32-wasi"],
    ...["-C", "opt-level=0", "-C", "panic=abort", "-D", "warnings", "-A", "unused_imports"],
    ...[join(crate, "lib.rs"), "-o", module],
  ]);
  return await instantiate(module);
}

/** Builds the output of `gen go`: a package a batch, and one reactor module. */
export async function buildGo(folder: string, subjects: readonly Subject[]): Promise<Program> {
  const root = join(folder, "go");
  const batches = [...new Set(subjects.map(({ batch }) => batch))];
  for (const batch of batches) {
    await Deno.mkdir(join(root, batch), { recursive: true });
    const common =
      `package ${batch}\n\nvar Put func(uint64)\n\nfunc put(value uint64) { Put(value) }\n`;
    await Deno.writeTextFile(join(root, batch, "common.go"), common);
  }
  for (const subject of subjects) {
    const names = new TypeNames(subject.model, new Names(), camel);
    const emitted = headerOf("go", subject);
    const readers = subject.isRead ? goReaders(subject.model, names, emitted) : "";
    const records = readersOf([subject]).map(({ record }) => names.of(record));
    const imports = readers.includes("math.")
      ? `import (\n\t"math"\n\t"unsafe"\n)`
      : `import "unsafe"`;
    const table = records.map((name) => `\tfunc(p unsafe.Pointer) { read${name}((*${name})(p)) },`);
    const list = `var Readers_${subject.name} = []func(unsafe.Pointer){\n${table.join("\n")}\n}`;
    const folder = join(root, subject.batch);
    await Deno.writeTextFile(join(folder, `${subject.name}.go`), emitted);
    await Deno.writeTextFile(
      join(folder, `${subject.name}_readers.go`),
      `package ${subject.batch}\n\n${imports}\n\n${readers}\n\n${list}\n`,
    );
  }
  await Deno.writeTextFile(join(root, "go.mod"), "module readers\n\ngo 1.24\n");
  const imports = batches.map((batch) => `\t"readers/${batch}"`).join("\n");
  const uses = batches.map((batch) => `\t${batch}.Put = put`).join("\n");
  const all = subjects.map(({ name, batch }) => `\tall = append(all, ${batch}.Readers_${name}...)`);
  await Deno.writeTextFile(
    join(root, "main.go"),
    `package main

import (
${imports}
	"unsafe"
)

var input [1 << 16]byte
var output [1 << 16]uint64
var count uint32
var all []func(unsafe.Pointer)

func put(value uint64) {
	output[count] = value
	count++
}

func init() {
${uses}
${all.join("\n")}
}

//go:wasmexport get_input
func getInput() unsafe.Pointer { return unsafe.Pointer(&input) }

//go:wasmexport get_output
func getOutput() unsafe.Pointer { return unsafe.Pointer(&output) }

//go:wasmexport run
func run(which uint32) uint32 {
	count = 0
	all[which](unsafe.Pointer(&input))
	return count
}

func main() {}
`,
  );
  const { go, root: goRoot } = await findGo();
  const emitted = subjects.map(({ name, batch }) => join(root, batch, `${name}.go`));
  const misshapen = await runTool(join(dirname(go), "gofmt"), ["-l", ...emitted]);
  if (misshapen !== "") throw new Error(`gofmt would change ${misshapen}`);
  const module = join(root, "readers.wasm");
  await runTool(go, ["build", "-buildmode=c-shared", "-o", module, "."], {
    cwd: root,
    env: {
      ...(goRoot === undefined ? {} : { GOROOT: goRoot }),
      ...{ GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
      ...{ GOPROXY: "off", GOWORK: "off", GOENV: "off", GOCACHE: join(Deno.cwd(), ".cache/go") },
    },
  });
  return await instantiate(module);
}

/** Builds the output of `gen assemblyscript`: a file a subject, one module. */
export async function buildAssemblyScript(
  folder: string,
  subjects: readonly Subject[],
): Promise<Program> {
  const files = new Map<string, string>();
  files.set(
    "common.ts",
    `
export const input = memory.data(${1 << 16});
export const output = memory.data(${8 << 16}, 8);
export let count: u32 = 0;
export function reset(): void { count = 0; }
export function put(value: u64): void { store<u64>(output + count * 8, value); count++; }
`,
  );
  for (const subject of subjects) {
    const names = new TypeNames(subject.model, new Names(), camel);
    const text = `import { put } from "./common";\n${headerOf("assemblyscript", subject)}\n`;
    files.set(
      `${subject.name}.ts`,
      text + (subject.isRead ? assemblyScriptReaders(subject.model, names) : ""),
    );
  }
  const imports = subjects.map(({ name }) => `import * as ${name} from "./${name}";`).join("\n");
  const cases = readersOf(subjects).map(({ subject, record }, i) =>
    `    case ${i}: { ${subject.name}.read${typeName(subject.model, record)}(input); break; }`
  );
  files.set(
    "main.ts",
    `${imports}
import { input, output, count, reset } from "./common";
export function get_input(): usize { return input; }
export function get_output(): usize { return output; }
export function run(which: u32): u32 {
  reset();
  switch (which) {
${cases.join("\n")}
  }
  return count;
}
`,
  );
  const module = join(folder, "assemblyscript.wasm");
  await compileAssemblyScript(files, module);
  return await instantiate(module);
}

/** Runs the AssemblyScript compiler on files in memory. */
async function compileAssemblyScript(
  files: ReadonlyMap<string, string>,
  module: string,
): Promise<void> {
  const { default: asc } = await import("assemblyscript/asc");
  let messages = "";
  const { error } = await asc.main(
    ["main.ts", "--outFile", "out.wasm", "--runtime", "stub"],
    {
      readFile: (name: string) => files.get(name.replace(/^.*\//, "")) ?? null,
      writeFile: (name: string, contents: Uint8Array) => {
        if (name.endsWith(".wasm")) Deno.writeFileSync(module, contents);
      },
      listFiles: () => [],
      stderr: { write: (text: string) => (messages += text, true) },
      stdout: { write: () => true },
    } as unknown as Parameters<typeof asc.main>[1],
  );
  // A warning is a fault in what is emitted, too.
  if (error !== null || messages !== "") {
    throw new Error(`asc: ${messages.slice(0, 8000)} ${error}`);
  }
}

/** The TypeScript decoders, by subject. */
export async function buildTypeScript(
  folder: string,
  subjects: readonly Subject[],
): Promise<Map<Subject, Record<string, unknown>>> {
  const root = join(folder, "typescript");
  await Deno.mkdir(root, { recursive: true });
  for (const subject of subjects) {
    await Deno.writeTextFile(join(root, `${subject.name}.ts`), headerOf("typescript", subject));
  }
  await Deno.writeTextFile(join(root, "deno.json"), "{}");
  await runTool("deno", ["check", "--quiet", "."], { cwd: root, env: { NO_COLOR: "1" } });
  const modules = new Map<Subject, Record<string, unknown>>();
  await inParallel(subjects, async (subject) => {
    modules.set(subject, await import(`file://${join(root, `${subject.name}.ts`)}`));
  });
  return modules;
}

/** Returns the name of a record in languages with capitalized types. */
export function typeName(model: Model, record: RecordType): string {
  const names = new TypeNames(model, new Names(), camel);
  return names.of(record) ?? "";
}

async function instantiate(path: string): Promise<Program> {
  const module = await WebAssembly.compile(await Deno.readFile(path));
  const instance: WebAssembly.Instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: wasiOfNothing(() => instance),
    env: {
      abort: () => {
        throw new Error("abort");
      },
    },
  });
  const exports = instance.exports as unknown as {
    memory: WebAssembly.Memory;
    _initialize?: () => void;
    get_input(): number;
    get_output(): number;
    run(which: number): number;
  };
  exports._initialize?.();
  return {
    run(which, input) {
      new Uint8Array(exports.memory.buffer).set(input, exports.get_input());
      const count = exports.run(which);
      const start = exports.get_output();
      return new BigUint64Array(exports.memory.buffer.slice(start, start + count * 8));
    },
  };
}

/**
 * Returns the part of WASI that Go's start needs: no arguments, no files, a clock that does not
 * advance.
 */
function wasiOfNothing(
  instance: () => WebAssembly.Instance,
): Record<string, WebAssembly.ImportValue> {
  const put = (value: number, ...places: number[]) => {
    const memory = instance().exports["memory"] as WebAssembly.Memory;
    for (const place of places) new DataView(memory.buffer).setUint32(place, value, true);
    return 0;
  };
  const zero = (...places: number[]) => put(0, ...places);
  const special: Record<string, (...args: number[]) => number> = {
    "args_sizes_get": zero,
    "environ_sizes_get": zero,
    "fd_prestat_get": () => 8,
    // Go takes a clock at 0 for a broken one.
    "clock_time_get": (_clock, _precision, place = 0) => put(1, place, place + 4),
    "random_get": () => 0,
  };
  return new Proxy(special, {
    get: (known, name) => known[String(name)] ?? (() => 0),
  }) as unknown as Record<string, WebAssembly.ImportValue>;
}
