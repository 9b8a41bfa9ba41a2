/** `wasm-bpf gen` as a user runs it: the compiled binary, files, pipes, and their errors. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type CliResult, runCli, WASM_BPF } from "../support/cli.ts";
import { CORPUS_FOLDER, runTool } from "../support/bindgen/corpus.ts";
import { assertTimely, elapsedMs } from "../support/timely.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
const WASI_C = ["--target=wasm32-wasi", "--sysroot=/", "-isystem", "/usr/include/wasm32-wasi"];
const STRICT = ["-fsyntax-only", "-xc", "-Wall", "-Wextra", "-Wpadded", "-Werror"];

const folder = await Deno.makeTempDir({ prefix: "gen-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const MAPS = join(folder, "maps.bpf.o");
const options = ["-g", "-O2", "-target", "bpf", `-I${CORPUS_FOLDER}`];
await runTool("clang", [...options, "-c", join(CORPUS_FOLDER, "maps.c"), "-o", MAPS]);
await runTool("llvm-strip", ["-g", MAPS]);

async function gen(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(["gen", ...args]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

/** Returns names of the types that C code defines. */
function definitions(text: string): (string | undefined)[] {
  return [...text.matchAll(/^(?:typedef )?(?:struct|union|enum) ?(\w*) \{$/gm)]
    .map(([, name]) => name);
}

/** Expects one error, perhaps a hint, and no standard output. */
function assertError(result: CliResult, code: number, error: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /^error: [^\n]*\n(?:hint: [^\n]*\n)?$/);
  assert.match(result.stderr, error);
}

/** Runs a shell script: `$0` is the program, followed by the arguments. */
async function shell(script: string, ...args: string[]): Promise<string> {
  return await runTool("/bin/bash", ["-c", script, WASM_BPF, ...args]);
}

Deno.test("gen is deterministic in every language", async () => {
  for (const target of ["c", "rust", "go", "assemblyscript", "typescript", "wit", "skeleton"]) {
    const text = await gen(target, MAPS);
    assert.match(text.split("\n").slice(0, 2).join(), /Made by wasm-bpf [\d.]+ from maps\.bpf\.o/);
    assert.equal(await gen(target, MAPS), text);
  }
});

Deno.test("gen includes only types of maps, variables and events", async () => {
  assert.deepEqual(definitions(await gen("c", MAPS)), [
    "mp_typedef",
    ...["mp_key", "mp_value", "array_value", "settings", "mp_event", "mp_only_in_subprogram"],
    ...["maps_bpf_bss", "maps_bpf_data", "maps_bpf_data_custom", "maps_bpf_rodata"],
  ]);
});

Deno.test("gen omits the kernel's types unless --type names them", async () => {
  const object = join(folder, "core.bpf.o");
  await runTool("clang", [...options, "-c", join(CORPUS_FOLDER, "core.c"), "-o", object]);
  assert.deepEqual(definitions(await gen("c", object)), ["cr_own"]);
  const names = definitions(await gen("c", object, "-t", "cr_context", "-t", "cr_kernel___old"));
  assert.deepEqual(names, ["cr_own", "cr_context", "cr_kernel___old"]);
});

Deno.test("gen -o replaces a file, and --type adds to it", async () => {
  const file = join(folder, "types.h");
  await Deno.writeTextFile(file, "before");
  assert.equal(await gen("c", MAPS, "-o", file, "--type", "u64"), "");
  assert.match(await Deno.readTextFile(file), /typedef uint64_t u64;/);
  const left = await Array.fromAsync(Deno.readDir(folder));
  assert.deepEqual(left.filter(({ name }) => name.startsWith(".")), []);
});

Deno.test("gen reads standard input, and accepts options in any position", async () => {
  const text = await shell(`"$0" gen --type u16 c - < "$1"`, MAPS);
  assert.match(text, /from standard_input/);
  assert.match(text, /typedef uint16_t u16;/);
});

Deno.test("gen c writes the kernel's task_struct quickly, and it compiles", async () => {
  let text = "";
  const write = async () => void (text = await gen("c", VMLINUX, "--type", "struct task_struct"));
  await assertTimely(5000, () => elapsedMs(write));
  const file = join(folder, "task.h");
  await Deno.writeTextFile(file, text);
  await runTool("clang", [...WASI_C, ...STRICT, file]);
  assert.match(text, /^struct task_struct \{$/m);
});

Deno.test("gen c: the whole kernel compiles without a warning", async () => {
  const file = join(folder, "vmlinux.h");
  await gen("c", VMLINUX, "-o", file);
  await runTool("clang", [...WASI_C, ...STRICT, file]);
});

Deno.test("gen skeleton accepts only objects, and no --type", async () => {
  assertError(await runCli(["gen", "skeleton", MAPS, "-t", "u64"]), 1, /it does not define types/);
  assertError(await runCli(["gen", "skeleton", VMLINUX]), 1, /not an eBPF object/);
});

Deno.test("gen warns when an object's events have no type", async () => {
  const source = join(folder, "silent.c");
  await Deno.writeTextFile(
    source,
    `#include "corpus.h"
struct { __uint(type, 27); __uint(max_entries, 4096); } rb SEC(".maps");
`,
  );
  const object = join(folder, "silent.o");
  await runTool("clang", [...options, "-c", source, "-o", object]);
  const { code, stderr } = await runCli(["gen", "rust", object]);
  assert.equal(code, 0);
  assert.match(stderr, /^note: The object sends events[^\n]*\n$/);
});

Deno.test("gen: options of one language", async () => {
  assert.match(await gen("go", MAPS, "--go-package", "tool"), /^package tool$/m);
  assert.match(
    await gen("rust", MAPS, "--rust-trait=wasm_bpf::Plain"),
    /^unsafe impl wasm_bpf::Plain for MpEvent \{\}$/m,
  );
  assertError(await runCli(["gen", "c", MAPS, "--go-package", "x"]), 2, /requires gen go/);
  assertError(await runCli(["gen", "rust", MAPS, "--rust-trait", "a; b"]), 2, /path of a trait/);
});

Deno.test("gen: wrong usage", async () => {
  assertError(await runCli(["gen"]), 2, /No target given/);
  assertError(await runCli(["gen", "cobol", MAPS]), 2, /Unknown target "cobol"/);
  assertError(await runCli(["gen", "c"]), 2, /No object given/);
  assertError(await runCli(["gen", "c", MAPS, "more"]), 2, /Too many arguments: more/);
  assertError(await runCli(["gen", "c", MAPS, "--types", "x"]), 2, /Unknown option "--types"/);
  const { code, stdout } = await runCli(["gen", "--help"]);
  assert.equal(code, 0);
  assert.ok(stdout.split("\n").every((line) => line.length <= 80));
});

Deno.test("gen: input that is missing, not an object, or lacks the type", async () => {
  assertError(await runCli(["gen", "c", "/no/such/file.o"]), 1, /no such file/);
  assertError(await runCli(["gen", "c", "/sys/kernel/btf/no-such"]), 1, /ENOENT/);
  assertError(await runCli(["gen", "c", folder]), 1, /it is a directory/);
  assertError(
    await runCli(["gen", "c", "/bin/true"]),
    1,
    /the BTF of \/bin\/true: .*no section \.BTF/,
  );
  assertError(
    await runCli(["gen", "c", "/etc/hostname"]),
    1,
    /of \/etc\/hostname: .*neither an ELF file nor raw BTF/,
  );
  assertError(
    await runCli(["gen", "c", MAPS, "-t", "nothing"]),
    1,
    /the type nothing in the BTF of \/.*maps/,
  );
});

Deno.test("gen: output that cannot be written", async () => {
  const full = await shell(`"$0" gen c "$1" 2>&1 >/dev/full; echo $?`, MAPS);
  assert.match(full, /^error: Cannot write standard output: No space left[^]*\n1\n$/);
  const missing = await runCli(["gen", "c", MAPS, "-o", "/no/such/folder/file"]);
  assertError(missing, 1, /Cannot write "\/no\/such\/folder\/file"/);
  // Ends silently, as SIGPIPE ends a program.
  const pipe = await shell(
    `{ "$0" gen c ${VMLINUX} 2>"$1"; echo $? >"$2"; } | head -1`,
    join(folder, "stderr"),
    join(folder, "code"),
  );
  assert.equal(pipe, "/*\n");
  assert.equal(await Deno.readTextFile(join(folder, "stderr")), "");
  assert.equal(await Deno.readTextFile(join(folder, "code")), "141\n");
});
