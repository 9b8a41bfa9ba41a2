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
import { fetchedKernels, kernelFunctions, taggedFunctions } from "../support/kernel_image.ts";
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

const KNOWN = new Set(kfuncEntries().map(({ name }) => name));
const ADVICE = "add them to build/permissions/{kfuncs,levels}.txt";

Deno.test("every kernel function of this kernel and of its loaded modules has a level", async () => {
  let found = 0;
  for await (const { name } of Deno.readDir("/sys/kernel/btf")) {
    const base = name === "vmlinux" ? [] : ["-B", "/sys/kernel/btf/vmlinux"];
    const { success, stdout } = await new Deno.Command("bpftool", {
      args: [...base, "btf", "dump", "file", `/sys/kernel/btf/${name}`, "format", "raw"],
    }).output();
    // A module may be unloaded meanwhile.
    if (!success && name !== "vmlinux") continue;
    const functions = taggedFunctions(new TextDecoder().decode(stdout));
    assert.deepEqual(functions.filter((one) => !KNOWN.has(one)), [], `${name}: ${ADVICE}`);
    found += functions.length;
  }
  assert.ok(found > 50, `${found} functions`);
});

// None where ./dev matrix has fetched no kernel.
for (const version of fetchedKernels()) {
  Deno.test(`every kernel function of Linux ${version} has a level`, async () => {
    const functions = await kernelFunctions(version);
    assert.ok(functions.length > 50, `${functions.length} functions`);
    assert.deepEqual(functions.filter((one) => !KNOWN.has(one)), [], ADVICE);
  });
}

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
