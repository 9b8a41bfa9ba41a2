/** Inspection of objects of several compilers and loaders: forms that libbpf does not load, too. */
import assert from "node:assert/strict";
import { inspectObject, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { BOOTSTRAP, runCli } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

/** Headers of the build: libbpf and the kernel's ABI. */
const HEADERS = [
  ...["-I.cache/deps/include", "-isystem", ".cache/deps/uapi"],
  ...["-idirafter", `/usr/include/${Deno.build.arch}-linux-gnu`],
];
const ROOT = fromFileUrl("../../");

/** One object with a program of several kinds, maps, an option and newer instructions. */
const SOURCE = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, int); __type(value, long);
         __uint(max_entries, 64); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } events SEC(".maps");
const volatile int min_size = 7;
const volatile _Bool verbose;
long seen;
static __attribute__((noinline)) long deeper(void *from)
{
	long value = 0;
	bpf_probe_read_user(&value, 8, from);
	return value;
}
SEC("tp/sched/sched_process_exec") int on_exec(long *ctx)
{
	__sync_fetch_and_xor(&seen, 1);
	return deeper(ctx) > min_size && verbose;
}
SEC("xdp") int on_packet(struct xdp_md *ctx)
{
	int key = 0;
	return bpf_map_lookup_elem(&counts, &key) ? XDP_DROP : XDP_PASS;
}
SEC("?fentry.s/do_unlinkat") int on_unlink(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
`;

/** Maps in the form before libbpf 1.0, as aya's macros place them. */
const LEGACY = `
struct bpf_map_def { unsigned type, key_size, value_size, max_entries, map_flags, id, pinning; };
__attribute__((section("maps"), used)) struct bpf_map_def COUNTS = { 1, 4, 8, 1024, 0, 0, 0 };
__attribute__((section("maps"), used)) struct bpf_map_def EVENTS = { 4, 4, 4, 0, 0, 0, 0 };
static long (*lookup)(void *, const void *) = (void *)1;
static long (*pid)(void) = (void *)14;
__attribute__((section("kprobe/do_unlinkat"), used)) int counted(void *ctx)
{
	int key = pid();
	return lookup(&COUNTS, &key);
}
__attribute__((section("license"), used)) char _license[] = "Dual MIT/GPL";
`;

async function compiled(
  clang: string,
  source: string,
  options: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  using folder = new TestFolder();
  await Deno.writeTextFile(folder.at("source.bpf.c"), source);
  const [input, output] = [folder.at("source.bpf.c"), folder.at("object.o")];
  const { success, stderr } = await new Deno.Command(clang, {
    args: ["-target", "bpf", "-O2", ...options, ...HEADERS, "-c", input, "-o", output],
    cwd: ROOT,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  if (!options.includes("-g")) return await Deno.readFile(output);
  await succeed("llvm-strip", "-g", output);
  return await Deno.readFile(output);
}

/** Facts that no compiler changes. */
function stable({ programs, maps, globals, license, level, summary }: ObjectFacts): unknown {
  return {
    license,
    level,
    summary,
    programs: programs.map(({ name, section, type, target, level, helpers }) => ({
      ...{ name, section, type, target, level, helpers },
    })),
    maps: maps.map(({ name, type, keyBytes, valueBytes, maxEntries }) => ({
      ...{ name, type, keyBytes, valueBytes, maxEntries },
    })).sort((a, b) => a.name < b.name ? -1 : 1),
    globals: globals.map(({ name, type, default: initial, isOption }) => ({
      ...{ name, type, initial, isOption },
    })).sort((a, b) => a.name < b.name ? -1 : 1),
  };
}

const EXPECTED = {
  license: "GPL",
  level: "network",
  summary: "observes sched_process_exec, xdp, do_unlinkat; reads memory of processes and the " +
    "kernel; sees and can change packets and sockets",
  programs: [
    {
      name: "on_exec",
      section: "tp/sched/sched_process_exec",
      type: "tracepoint",
      target: "sched/sched_process_exec",
      level: "inspect",
      helpers: ["bpf_probe_read_user"],
    },
    {
      name: "on_packet",
      section: "xdp",
      type: "xdp",
      target: undefined,
      level: "network",
      helpers: ["bpf_map_lookup_elem"],
    },
    {
      name: "on_unlink",
      section: "?fentry.s/do_unlinkat",
      type: "tracing",
      target: "do_unlinkat",
      level: "inspect",
      helpers: [],
    },
  ],
  maps: [
    { name: ".bss", type: "array", keyBytes: 4, valueBytes: 8, maxEntries: 1 },
    { name: ".rodata", type: "array", keyBytes: 4, valueBytes: 5, maxEntries: 1 },
    { name: "counts", type: "percpu_hash", keyBytes: 4, valueBytes: 8, maxEntries: 64 },
    { name: "events", type: "ring_buffer", keyBytes: 0, valueBytes: 0, maxEntries: 65536 },
  ],
  globals: [
    { name: "min_size", type: "int", initial: "7", isOption: true },
    { name: "seen", type: "long", initial: "0", isOption: false },
    { name: "verbose", type: "_Bool", initial: "false", isOption: true },
  ],
};

/** Both compilers of the build: in Debian 12 they are versions 14 and 19. */
const COMPILERS = ["clang", "clang-19"];
/** The build's options, and those of bpf2go. */
const FORMS = [
  ["-g", "-mcpu=v3"],
  [
    "-g",
    "-mcpu=v3",
    "-mlittle-endian",
    "-fno-ident",
    "-ffile-prefix-map=/=.",
    "-D__TARGET_ARCH_x86",
  ],
];

for (const clang of COMPILERS) {
  Deno.test(`inspectObject() reads objects of ${clang}`, async () => {
    for (const form of FORMS) {
      const facts = inspectObject(await compiled(clang, SOURCE, form));
      assert.deepEqual(stable(facts), EXPECTED);
      assert.deepEqual(facts.kernel.because, ["atomic operations"]);
      assert.equal(facts.kernel.version, "5.12");
    }
  });
}

Deno.test("inspectObject() reads maps in the form before libbpf 1.0", async () => {
  const facts = inspectObject(await compiled("clang", LEGACY, []));
  assert.deepEqual(
    facts.maps.filter(({ name }) => !name.startsWith(".")).map((
      { name, type, keyBytes, valueBytes, maxEntries },
    ) => `${name} ${type} ${keyBytes} ${valueBytes} ${maxEntries}`).sort(),
    ["COUNTS hash 4 8 1024", "EVENTS perf_event_array 4 4 0"],
  );
  assert.deepEqual(facts.programs.map(({ name, target, helpers }) => ({ name, target, helpers })), [
    {
      name: "counted",
      target: "do_unlinkat",
      helpers: ["bpf_get_current_pid_tgid", "bpf_map_lookup_elem"],
    },
  ]);
  assert.deepEqual([facts.license, facts.level], ["Dual MIT/GPL", "observe"]);
});

Deno.test("inspectObject() names the newer instructions of an object", async () => {
  const source = `
__attribute__((section("tp/a/b"), used)) int extended(signed char *ctx)
{ return *ctx; }
__attribute__((section("license"), used)) char _license[] = "GPL";`;
  const facts = inspectObject(await compiled("clang-19", source, ["-mcpu=v4"]));
  assert.deepEqual(facts.kernel.needs, [{ what: "instructions of cpu v4", version: "6.6" }]);
  const older = inspectObject(await compiled("clang-19", source, ["-mcpu=v3"]));
  assert.deepEqual(older.kernel.needs, []);
});

Deno.test("inspect refuses an object of the other byte order, with the reason", async () => {
  using folder = new TestFolder();
  const path = folder.at("tool_bpfeb.o");
  const bytes = await compiled("clang", LEGACY, ["--target=bpfeb"]);
  await Deno.writeFile(path, bytes);
  const { code, stderr } = await runCli(["inspect", path]);
  assert.equal(code, 1);
  assert.match(stderr, /byte order|big-endian/);
});

/** Members of the JSON, which scripts read: new ones may come, these stay. */
const OBJECT_MEMBERS = [
  ...["sizeBytes", "license", "programs", "maps", "mapsMemoryBytes", "globals", "kernel"],
  ...["level", "summary", "lacks"],
];
const PROGRAM_MEMBERS = [
  ...["name", "section", "type", "target", "level", "helpers", "kfuncs", "variables", "reasons"],
];
const MAP_MEMBERS = [
  ...["name", "type", "keyBytes", "valueBytes", "maxEntries", "flags", "memoryBytes"],
];
const GLOBAL_MEMBERS = ["name", "section", "type", "sizeBytes", "default", "isOption"];

Deno.test("inspect --json has the documented members", async () => {
  const page = await Deno.readTextFile(fromFileUrl("../../docs/oci.md"));
  using folder = new TestFolder();
  await Deno.writeFile(folder.at("a.o"), await compiled("clang", SOURCE, ["-g", "-mcpu=v3"]));
  const { stdout } = await runCli(["inspect", "--json", folder.at("a.o")]);
  const { object } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(object).sort(), [...OBJECT_MEMBERS].sort());
  assert.deepEqual(Object.keys(object.programs[0]).sort(), [...PROGRAM_MEMBERS].sort());
  assert.deepEqual(Object.keys(object.maps[0]).sort(), [...MAP_MEMBERS].sort());
  assert.deepEqual(Object.keys(object.globals[0]).sort(), [...GLOBAL_MEMBERS].sort());
  assert.deepEqual(Object.keys(object.kernel), ["version", "because", "needs"]);
  for (const name of [...OBJECT_MEMBERS, ...PROGRAM_MEMBERS, ...MAP_MEMBERS, ...GLOBAL_MEMBERS]) {
    assert.ok(page.includes(`\`${name}\``), `docs/oci.md lacks ${name}`);
  }
});

Deno.test("inspect shows what this kernel lacks: functions, tracepoints, newer types", async () => {
  const source = `
extern void bpf_no_such_function(void) __attribute__((section(".ksyms")));
extern void bpf_rcu_read_lock(void) __attribute__((section(".ksyms")));
__attribute__((section("tp/sched/no_such_tracepoint"), used)) int lost(void *ctx)
{ bpf_no_such_function(); return 0; }
__attribute__((section("tp/sched/sched_process_exec"), used)) int found(void *ctx)
{ bpf_rcu_read_lock(); return 0; }
__attribute__((section("license"), used)) char _license[] = "GPL";`;
  using folder = new TestFolder();
  await Deno.writeFile(folder.at("lacking.o"), await compiled("clang", source, ["-g"]));
  const { stdout } = await runCli(["inspect", "--json", folder.at("lacking.o")]);
  assert.deepEqual(JSON.parse(stdout).object.lacks, [
    "kernel function bpf_no_such_function",
    "tracepoint sched/no_such_tracepoint",
  ]);
});

Deno.test("inspect counts the values of all possible CPUs, which the binary reads", async () => {
  const source = `
struct { int (*type)[6]; int (*max_entries)[1000]; int *key; long *value; }
counts __attribute__((section(".maps"), used));
__attribute__((section("license"), used)) char _license[] = "GPL";`;
  using folder = new TestFolder();
  await Deno.writeFile(folder.at("counts.o"), await compiled("clang", source, ["-g"]));
  const { stdout } = await runCli(["inspect", "--json", folder.at("counts.o")]);
  const [map] = JSON.parse(stdout).object.maps;
  const last = /(\d+)\s*$/.exec(await Deno.readTextFile("/sys/devices/system/cpu/possible"))?.[1];
  assert.equal(map.type, "percpu_array");
  assert.ok(map.memoryBytes >= 8 * 1000 * (Number(last) + 1), stdout);
});

Deno.test("inspect finds nothing that this kernel lacks for an example that runs here", async () => {
  const { stdout } = await runCli(["inspect", BOOTSTRAP]);
  assert.match(stdout, /needs Linux 5\.8$/m);
  assert.doesNotMatch(stdout, /lacks/);
});
