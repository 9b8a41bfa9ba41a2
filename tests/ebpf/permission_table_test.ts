/** Table of helpers and kernel functions, compared with libbpf's list and this machine's kernel. */
import assert from "node:assert/strict";
import { helperEntries, kfuncEntries } from "../../ebpf/mod.ts";
import {
  formatted,
  helpersOf,
  PAGE,
  pageOf,
  problemsOf,
  readSources,
  TABLE,
  tableOf,
} from "../../build/steps/permissions.ts";
import { fromFileUrl } from "../support/paths.ts";

Deno.chdir(fromFileUrl("../../"));
const SOURCES = await readSources();

Deno.test("every helper of libbpf has a level, and its number", () => {
  const entries = new Map(helperEntries().map(({ name, number }) => [name, number]));
  for (const [name, number] of helpersOf(SOURCES.header)) {
    assert.equal(entries.get(`bpf_${name}`), number, `bpf_${name} has no level`);
  }
  assert.equal(entries.size, helpersOf(SOURCES.header).size);
});

Deno.test("every kernel function of this kernel has a level", async () => {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "raw"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const tagged = new Set(
    [...text.matchAll(/^\[\d+\] DECL_TAG 'bpf_kfunc' type_id=(\d+)/gm)].map(([, id]) => id),
  );
  const known = new Set(kfuncEntries().map(({ name }) => name));
  const missing = [...text.matchAll(/^\[(\d+)\] FUNC '(\w+)'/gm)]
    .filter(([, id, name = ""]) => tagged.has(id) && !known.has(name)).map(([, , name]) => name);
  assert.deepEqual(missing, [], "add them to build/permissions/{kfuncs,levels}.txt");
});

Deno.test("the levels match the names, and the generated files match the levels", async () => {
  assert.deepEqual(problemsOf(SOURCES), []);
  assert.equal(await Deno.readTextFile(TABLE), await formatted(tableOf(SOURCES), "ts"));
  const page = await Deno.readTextFile(PAGE);
  assert.equal(page, await formatted(pageOf(page, SOURCES), "md"), "run ./dev permissions");
});

Deno.test("problemsOf() reports new helpers and kernel functions, and names without a source", () => {
  const header = SOURCES.header.replace("FN(unspec, 0, ##ctx)", "$&\\\n\tFN(new_one, 212, ##ctx)");
  assert.deepEqual(problemsOf({ ...SOURCES, header }), ["new_one has no level"]);
  const kfuncs = `${SOURCES.kfuncs}bpf_new_one 9.9\n`;
  assert.deepEqual(problemsOf({ ...SOURCES, kfuncs }), ["bpf_new_one has no level"]);
  const levels = `${SOURCES.levels}bpf_mistyped crash_kexec\n`;
  assert.deepEqual(problemsOf({ ...SOURCES, levels }), [
    "crash_kexec has two levels",
    "bpf_mistyped is not in the list of kfuncs",
  ]);
});
