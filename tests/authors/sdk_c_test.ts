/** C SDK's headers with libbpf's names: guests of `sdk/c/tests`, compiled as an author would. */
import assert from "node:assert/strict";
import { CliProcess, type CliResult, runCli, WASM_BPF } from "../support/cli.ts";
import { checkSlowBatch } from "../support/sdk.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/actor.ts";
import { BOOTSTRAP, type PublicProgram, sourceOf, TOOLS } from "../support/public_programs.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { SOAK } from "../support/soak.ts";

const ROOT = fromFileUrl("../../");
const SOURCES = `${ROOT}sdk/c/tests`;
const FOLDER = await Deno.makeTempDir({ prefix: "wasm-bpf-sdk-" });
globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));

const EBPF = [
  ...["-g", "-O2", "-Wall", "-Werror", "-target", "bpf"],
  ...["-isystem", `${ROOT}.cache/deps/uapi`, "-isystem", `${ROOT}.cache/deps/include`],
  ...["-idirafter", "/usr/include/x86_64-linux-gnu"],
];
const WASM = [
  ...["--target=wasm32-wasi", "-Oz", "-Wall", "-Wextra", "-Werror", "--sysroot=/"],
  ...["-isystem", "/usr/include/wasm32-wasi"],
  ...[`-I${ROOT}sdk/c/include`, `-I${FOLDER}`, `-I${SOURCES}`, `-Wa,-I${FOLDER}`],
];
const LINK = ["-L/usr/lib/wasm32-wasi", "-Wl,--export-table", "-Wl,--strip-all"];

await succeed("clang", ...EBPF, "-c", `${SOURCES}/orders.bpf.c`, "-o", `${FOLDER}/orders.bpf.o`);
await succeed("llvm-strip", "-g", `${FOLDER}/orders.bpf.o`);
/** Commands that make skeletons, by tool. */
const MAKERS = {
  "bpftool": ["bpftool", "gen", "skeleton", `${FOLDER}/orders.bpf.o`, "name", "orders_bpf"],
  "wasm-bpf gen": [WASM_BPF, "gen", "skeleton", `${FOLDER}/orders.bpf.o`],
} as const;

/** Compiles a guest, and returns its path. */
async function compile(source: string, options: string[] = []): Promise<string> {
  const output = `${FOLDER}/${source}.wasm`;
  await succeed("clang", ...WASM, ...LINK, ...options, `${SOURCES}/${source}`, "-o", output);
  return output;
}

/** Additional options for programs written for Linux. */
const COMPAT = [
  `-I${ROOT}sdk/c/compat`,
  ...["-lwasi-emulated-signal", "-lwasi-emulated-getpid"],
];

/** Compiles a program for Linux: the SDK's headers precede the C library's. */
async function compileForLinux(source: string, options: string[] = []): Promise<string> {
  const output = `${FOLDER}/linux.wasm`;
  const [compat = "", ...libraries] = COMPAT;
  await succeed(
    "clang",
    ...[compat, ...WASM, ...LINK, ...options, source, ...libraries, "-o", output],
  );
  return output;
}

async function run(module: string, ...args: string[]): Promise<CliResult> {
  return await runCli(["--timeout", "120s", module, ...args]);
}

Deno.test("every call with libbpf's names works as in libbpf", async () => {
  const module = await compile("api.c", ["-std=c11"]);
  const { code, stdout } = await run(module);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "failures 0\n" });
  await checkSlowBatch(module);
});

/** Compiles an eBPF half of `sdk/c/tests`, and makes its skeleton with bpftool. */
async function skeleton(name: string): Promise<string> {
  const object = `${FOLDER}/${name}.bpf.o`;
  await succeed("clang", ...EBPF, "-c", `${SOURCES}/${name}.bpf.c`, "-o", object);
  await succeed("llvm-strip", "-g", object);
  const text = await succeed("bpftool", "gen", "skeleton", object, "name", `${name}_bpf`);
  await Deno.writeTextFile(`${FOLDER}/${name}.skel.h`, text);
  return text;
}

/** Returns names of maps or programs in the order of bpftool's skeleton, which is libbpf's. */
function namesIn(text: string, array: "map" | "prog"): string[] {
  const pattern = new RegExp(`\\b${array}(?:s\\[\\d+\\]\\.|->)name = "([^"]*)"`, "g");
  const names = [...text.matchAll(pattern)];
  return names.map(([, name = ""]) => name.replace(/^[^.]*\./, "."));
}

Deno.test("a program opens bpftool's skeleton with __kconfig variables, in libbpf's order", async () => {
  const text = await skeleton("places");
  const { code, stdout, stderr } = await run(await compile("places.c"));
  const [order = "", version, failures] = stdout.split("\n").filter((line) => !/^line /.test(line));
  const expected = [...namesIn(text, "prog"), ...namesIn(text, "map")];
  assert.deepEqual(order.trim().split(" "), expected, stdout);
  const [major = 0, minor = 0, patch = 0] = Deno.osRelease().split(/[.-]/).map(Number);
  const number = `0x${((major << 16) + (minor << 8) + Math.min(patch, 255)).toString(16)}`;
  assert.equal(version, `version ${number} ${number}`);
  assert.deepEqual({ code, failures }, { code: 0, failures: "failures 0" }, stdout + stderr);
});

Deno.test("a program for Linux runs with sdk/c/compat, and Ctrl-C reaches its handler", async () => {
  await skeleton("places");
  const module = await compileForLinux(`${SOURCES}/linux_style.c`);
  const object = `${FOLDER}/places.bpf.o`;
  await using guest = new CliProcess([
    ...[
      "--dir",
      "/sys/kernel/btf",
      "--dir",
      `${FOLDER}::/folder`,
      module,
      "word",
      "--interval=3600",
    ],
    ...["-v", "--object", "/folder/places.bpf.o"],
  ]);
  await guest.waitFor(/^waiting$/m);
  guest.kill("SIGINT");
  const { code, stdout, stderr } = await guest.result();
  assert.deepEqual(stdout.split("\n"), [
    "parsed 3600 1 word",
    "address 2 127.0.0.1",
    "interface 1 1",
    "limits 0 -1",
    "processes 1 -1",
    "files -1 -1",
    "events -1 1",
    "event 1",
    "maps 1 1",
    `functions ${await functionsOf(object)}`,
    "string text",
    "kernel 1 1",
    "iterated 1 0 -1",
    "waiting",
    "counted 1",
    "reset 1, signal 2",
    "",
  ], stderr);
  assert.equal(code, 0);
});

async function functionsOf(object: string): Promise<number> {
  const symbols = await succeed("llvm-readelf", "--symbols", object);
  return symbols.split("\n").filter((line) => / FUNC /.test(line)).length;
}

Deno.test("argp shows help, and refuses unknown options", async () => {
  const module = `${FOLDER}/linux.wasm`;
  const help = await run(module, "--help");
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: .* \[OPTION\.\.\.\] \[WORD\.\.\.\]\nCounts\./);
  assert.match(help.stdout, /-i, --interval=SECONDS +Seconds between lines/);
  assert.doesNotMatch(help.stdout, /hidden/);
  assert.equal((await run(module, "--version")).stdout, "linux_style 1.0\n");
  for (const wrong of [["--no-such"], ["-q"], ["--interval"], ["-i", "0"], ["--verbose=1"]]) {
    assert.equal((await run(module, ...wrong)).code, 64, wrong.join(" "));
  }
});

/** Options for wasi-libc's signals and process IDs, for sources that mention them. */
const EMULATED = ["-D_WASI_EMULATED_SIGNAL", "-lwasi-emulated-signal"];

for (const [maker, [program, ...args]] of Object.entries(MAKERS)) {
  Deno.test(`a program in libbpf-bootstrap's manner runs with the skeleton of ${maker}`, async () => {
    await Deno.writeTextFile(`${FOLDER}/orders.skel.h`, await succeed(program, ...args));
    const module = await compile("bootstrap_style.c", EMULATED);
    await using guest = new CliProcess([module]);
    await guest.waitFor(/^9 event$/m);
    guest.kill("SIGINT");
    const { code, stdout, stderr } = await guest.result();
    const expected = "initial 1 100\nlinks 1 0\n7 event\n8 event\n9 event\n" +
      "seen 3 calls 1 sum 1007\n";
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: "" });
  });
}

Deno.test("a program for eunomia-bpf's libbpf-wasm.h compiles unchanged and runs", async () => {
  const { code, stdout, stderr } = await run(await compile("eunomia_style.c"));
  const expected = "attach 0\nhash 1 42\n100 event 16\n101 event 16\npolled 2\n" +
    "102 event 16\npolled 1\n";
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: "" });
});

Deno.test("bpf_set_prog_attach_target() sets the attach target", async () => {
  const { code, stdout, stderr } = await run(await compile("eunomia_style.c"), "no-such-if0");
  assert.notEqual(code, 0);
  assert.equal(stdout, "attach -43\n");
  assert.match(stderr, /no such interface/);
});

for (
  const header of [
    "bpf/libbpf.h",
    "bpf/bpf.h",
    "bpf/btf.h",
    "libbpf-wasm.h",
    "wasm_bpf_ext.h",
    "wasm_bpf_tool.h",
    ...["linux/bpf.h", "linux/types.h", "linux/perf_event.h", "linux/if_packet.h"],
    ...["argp.h", "arpa/inet.h", "fcntl.h", "gelf.h", "net/if.h", "setjmp.h", "signal.h"],
    ...["sys/resource.h", "sys/socket.h", "sys/syscall.h", "time.h", "unistd.h", "zlib.h"],
  ]
) {
  Deno.test(`${header} compiles as C11 and C++11 without a warning`, async () => {
    const source = `${FOLDER}/include.c`;
    await Deno.writeTextFile(source, `#include <${header}>\n`);
    // Clocks belong to POSIX, which strict C11 hides.
    const c = ["-x", "c", "-std=c11", "-D_POSIX_C_SOURCE=200809L"];
    const cxx = ["-x", "c++", "-std=c++11"];
    for (const language of [c, cxx]) {
      await succeed(
        "clang",
        ...[`-I${ROOT}sdk/c/compat`, ...WASM, ...language, "-c", source],
        ...["-o", `${FOLDER}/include.o`],
      );
    }
  });
}

/** Compiles an object whose events have a type that is in BTF only because of `line`. */
async function compileSender(line: string): Promise<string> {
  const source = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct event { int pid; };
${line}
int counter;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tp/sched/sched_process_exec") int p(void *c)
{
	struct event event = {counter++};

	return bpf_ringbuf_output(&rb, &event, sizeof(event), 0);
}
`;
  const object = `${FOLDER}/sender.bpf.o`;
  await Deno.writeTextFile(`${FOLDER}/sender.bpf.c`, source);
  await succeed("clang", ...EBPF, "-c", `${FOLDER}/sender.bpf.c`, "-o", object);
  return object;
}

Deno.test("the line that gen recommends compiles with bpftool's skeleton", async () => {
  const { stderr } = await runCli(["gen", "c", await compileSender("")]);
  const [line = ""] = /static const struct event .*;/.exec(stderr) ?? [];
  const object = await compileSender(line);
  assert.match(await succeed(WASM_BPF, "gen", "c", object), /struct event \{/, stderr);
  const text = await succeed("bpftool", "gen", "skeleton", object, "name", "sender_bpf");
  await Deno.writeTextFile(`${FOLDER}/sender.skel.h`, text);
  const guest = `#include "sender.skel.h"\nint main(void) { return !sender_bpf__open(); }\n`;
  await Deno.writeTextFile(`${FOLDER}/sender.c`, guest);
  await succeed("clang", ...WASM, ...LINK, `${FOLDER}/sender.c`, "-o", `${FOLDER}/sender.wasm`);
  assert.equal((await run(`${FOLDER}/sender.wasm`)).code, 0);
});

/** Returns the programs that compile, link and run. */
async function countPrograms(programs: readonly PublicProgram[]): Promise<string[]> {
  await skeleton("places");
  const fail: string[] = [];
  for (const program of programs) {
    const source = `${FOLDER}/program.c`;
    await Deno.writeTextFile(source, sourceOf(program));
    try {
      const module = await compileForLinux(source, ["-Werror=implicit-function-declaration"]);
      const { code, stdout, stderr } = await run(module);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "ran\n" }, stderr);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      fail.push(program.name);
    }
  }
  return fail;
}

/**
 * Lists programs that do not compile according to the README, from the first column of its table.
 */
async function refusedByReadme(collection: string): Promise<string[]> {
  const readme = await Deno.readTextFile(`${ROOT}sdk/c/README.md`);
  const rows = readme.matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\| no/gm);
  return [...rows].filter(([, of]) => of === collection).map(([, , name = ""]) =>
    name.replaceAll("`", "")
  );
}

const seed = chooseSeed();

/** Returns the programs to compile: all in the soak, and otherwise some of those that compile. */
function someOf(programs: readonly PublicProgram[], refused: readonly string[]): PublicProgram[] {
  if (SOAK) return [...programs];
  const random = new Random(seed);
  const some = new Set(Array.from({ length: 10 }, () => random.pick(programs)));
  return programs.filter((program) => some.has(program) || refused.includes(program.name));
}

for (const [collection, programs] of [["libbpf-bootstrap", BOOTSTRAP], ["bcc", TOOLS]] as const) {
  Deno.test(`programs with the includes and calls of ${collection}'s compile as the README lists (SEED=${seed})`, async () => {
    const refused = await refusedByReadme(collection);
    assert.deepEqual(await countPrograms(someOf(programs, refused)), refused);
  });
}
