/** Objects with annotations, compiled by both compilers that objects are tested with. */
import assert from "node:assert/strict";
import { Btf, ElfFile } from "../../ebpf/btf/mod.ts";
import { Output, readAnnotations, RecordsError, schemaOf } from "../../records/mod.ts";
import { BtfBuilder } from "../support/btf_builder.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";

const HEADER = fromFileUrl("../../sdk/bpf");

const SOURCE = `
#include "records.bpf.h"
typedef unsigned int __u32;
typedef unsigned long long __u64;
enum state { OPEN = 1, CLOSED };
struct event {
	__u64 ts FORMAT(time);
	__u64 wait FORMAT(duration, us) HELP("from wakeup to running") METRIC(histogram);
	__u32 saddr FORMAT(ipv4);
	__u32 inner HIDDEN;
	__u32 state FORMAT(enum, state) UNIT_OF(states);
	char comm[16];
	enum state kept HIDDEN;
	__u32 tid SHOWN_IF(quiet && !min_us);
};
struct row {
	__u64 wait;
	__u64 share COMPUTED(100 * wait / (wait + 1));
};
RECORDS(events, struct event);
RECORDS(rows, struct row);
TABLE(counts, INTERVAL(1s), SORT(-count, key), LIMIT(20), CLEAR);
TABLE(plain);
HISTOGRAM(hists, UNIT(usecs), SLOTS(slots), LINEAR(10), IF(min_us && !quiet));
WAYS(connect, by_fentry, by_kprobe + by_return, prog);
PLACE(prog, "software:cpu-clock@{quiet}");
OPTIONAL(by_kprobe, by_return);
OPTIONAL(by_fentry);
STACKS(stacked, IDS(stacks), FILL(prog));
NUMBERS(min_us);
LISTS(quiet, syscall);
OPTION(const volatile __u64, min_us, 5, 'm', "only longer waits: than this");
OPTION(const volatile __u32, quiet, 0, 0, "no letter");
TOOL("runqslower", "show run queue waits: longer");
__attribute__((section("socket"), used)) int prog(void *ctx)
{
	return ctx != 0 && min_us + quiet > 7;
}
`;

function compile(compiler: string, text = SOURCE): Btf {
  using folder = new TestFolder();
  const [source, object] = [folder.at("t.bpf.c"), folder.at("t.bpf.o")];
  Deno.writeTextFileSync(source, text);
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  const { success, stderr } = new Deno.Command(compiler, {
    args: [...warnings, "-target", "bpf", "-g", "-O2", "-I", HEADER, "-c", source, "-o", object],
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  const elf = new ElfFile(Deno.readFileSync(object));
  const section = elf.section(".BTF");
  assert.ok(section);
  return new Btf(elf.content(section));
}

for (const compiler of ["clang-14", "clang-19"]) {
  Deno.test(`readAnnotations() reads what ${compiler} leaves of every macro`, () => {
    const btf = compile(compiler);
    const { tool, records, maps, options, ways, places, optional } = readAnnotations(btf);
    assert.deepEqual(tool, { name: "runqslower", about: "show run queue waits: longer" });
    const sort = [{ field: "count", descending: true }, { field: "key", descending: false }];
    assert.deepEqual(maps, [
      { map: "counts", kind: "table", interval: "1s", sort, limit: 20, clear: true },
      { map: "plain", kind: "table" },
      {
        ...{ map: "hists", kind: "histogram", unit: "usecs", slots: "slots", linear: 10 },
        condition: "min_us && !quiet",
      },
      { map: "stacked", kind: "stacks", ids: "stacks", filledBy: "prog" },
    ]);
    const { numbers, lists } = readAnnotations(btf);
    assert.deepEqual([numbers, [...lists]], ["min_us", [["quiet", "syscall"]]]);
    assert.deepEqual(options.map(({ type: _type, ...rest }) => rest), [
      { variable: "min_us", letter: "m", help: "only longer waits: than this" },
      { variable: "quiet", help: "no letter" },
    ]);
    assert.deepEqual(ways, [[["by_fentry"], ["by_kprobe", "by_return"], ["prog"]]]);
    assert.deepEqual([...places], [["prog", "software:cpu-clock@{quiet}"]]);
    assert.deepEqual(optional.toSorted(), ["by_fentry", "by_kprobe", "by_return"]);
    const schema = schemaOf(btf, records.get("events") ?? 0);
    const [, share] = schemaOf(btf, records.get("rows") ?? 0).fields;
    assert.equal(share?.computed, "100 * wait / (wait + 1)");
    assert.equal(schema.name, "event");
    const wait = schema.fields.find(({ name }) => name === "wait");
    assert.deepEqual(
      [wait?.format.name, wait?.unit, wait?.help, wait?.metric],
      ["us", "us", "from wakeup to running", "histogram"],
    );
    assert.equal(schema.fields.find(({ name }) => name === "inner")?.hidden, true);
    const tid = (isShown?: (condition: string) => boolean) =>
      schemaOf(btf, records.get("events") ?? 0, isShown === undefined ? {} : { isShown })
        .fields.find(({ name }) => name === "tid");
    assert.equal(tid()?.hidden, undefined);
    assert.equal(tid((condition) => condition === "quiet && !min_us")?.hidden, undefined);
    assert.equal(tid((condition) => condition !== "quiet && !min_us")?.hidden, true);
    assert.equal(schema.fields.find(({ name }) => name === "state")?.unit, "states");
  });
}

const DOCS = Deno.readTextFileSync(fromFileUrl("../../docs/records.md"));

/** Examples of the table of annotations. */
const EXAMPLES = [...DOCS.matchAll(/^\| `[A-Z_]+[^|]*(?:\|[^|]*){0,2}`? +\| `([^`]+)` +\|$/gm)]
  .map(([, example = ""]) => example.replaceAll("\\|", "|"));

Deno.test("docs/records.md names every macro of records.bpf.h", () => {
  const header = Deno.readTextFileSync(`${HEADER}/records.bpf.h`);
  const macros = [...header.matchAll(/^#define ([A-Z_]+)\b/gm)].map(([, name = ""]) => name)
    .filter((name) => !name.startsWith("WASM_BPF"));
  assert.ok(macros.length > 20, macros.join());
  for (const name of macros) {
    assert.match(DOCS, new RegExp(`\\b${name}\\b`), `${name} has no example`);
  }
});

Deno.test("examples of docs/records.md mean the same to clang-14 and clang-19", () => {
  const isMember = (example: string) => /^__u\d+ /.test(example);
  assert.ok(EXAMPLES.length >= 15, EXAMPLES.join("\n"));
  const members = EXAMPLES.filter(isMember).filter((example) => !example.includes("COMPUTED"));
  const text = `#include "records.bpf.h"
typedef unsigned int __u32;
typedef unsigned long long __u64;
struct event {
${members.join("\n")}
};
struct row {
	__u64 hits;
	__u64 misses;
${EXAMPLES.filter((example) => example.includes("COMPUTED")).join("\n")}
};
RECORDS(rows, struct row);
${EXAMPLES.filter((example) => !isMember(example)).join("\n")}
__attribute__((section("socket"), used)) int prog(void *ctx)
{
	return ctx != 0 && min_us > 7;
}
`;
  const [old, recent] = ["clang-14", "clang-19"].map((compiler) => {
    const btf = compile(compiler, text);
    const { records, options, ...rest } = readAnnotations(btf);
    const schemas = ["events", "rows"].map((map) => schemaOf(btf, records.get(map) ?? 0));
    return { ...rest, schemas, options: options.map(({ type: _type, ...option }) => option) };
  });
  assert.deepEqual(recent, old);
  const fields = old?.schemas[0]?.fields ?? [];
  assert.equal(fields.length, members.length);
  assert.ok(fields.some(({ isLabel }) => isLabel === true));
  assert.ok(fields.some(({ hidden }) => hidden === true));
  assert.ok(fields.some(({ metric }) => metric === "counter"));
  assert.ok(fields.some(({ help }) => help === "result of the call"));
  assert.equal(old?.maps.length, 3);
  assert.equal(old?.tool?.name, "runqslower");
});

Deno.test("annotated formats decide how a record looks", () => {
  const btf = compile("clang-14");
  const schema = schemaOf(btf, readAnnotations(btf).records.get("events") ?? 0);
  const bytes = new Uint8Array(schema.size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 1_000_000_001n, true);
  view.setBigUint64(8, 1500n, true);
  bytes.set([10, 0, 0, 1], 16);
  view.setUint32(24, 2, true);
  let text = "";
  const output = new Output({
    sinks: [{ format: "columns", write: (part) => text += new TextDecoder().decode(part) }],
    time: false,
  });
  output.stream("events", schema).write(bytes, "packed");
  output.end();
  assert.deepEqual(text.trimEnd().split("\n")[1]?.split(/ +/), [
    ...["00:00:01.000", "1.50ms", "10.0.0.1", "CLOSED", "0"],
  ]);
});

function tagged(tag: string): Btf {
  const builder = new BtfBuilder();
  const int = builder.int("int", 4, 1);
  const variable = builder.raw({ name: "marker", kind: 14, word: int }, 1);
  builder.raw({ name: tag, kind: 17, word: variable }, 0xffff_ffff);
  return new Btf(builder.bytes());
}

for (
  const tag of ["records:rb", "option:mm:x", "option:';':x", "table:", "table:m;limit=0"]
    .concat(["histogram:m;linear=x", "table:m;sort=,"])
) {
  Deno.test(`readAnnotations() refuses ${tag}`, () => {
    assert.throws(
      () => readAnnotations(tagged(tag)),
      (error) => error instanceof RecordsError && /BAD_(ANNOTATION|RECORDS)/.test(error.code),
    );
  });
}

Deno.test("readAnnotations() leaves tags of other tools alone", () => {
  const { maps, options, records } = readAnnotations(tagged("kernel"));
  assert.deepEqual([maps.length, options.length, records.size], [0, 0, 0]);
});
