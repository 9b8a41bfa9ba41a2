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

/**
 * Object with the traits of one by aya 0.1 and bpf-linker 0.13: maps in the form before libbpf 1.0, with
 * seven words each and in no section of the types; sections without places; hidden functions in `.text`
 * that programs of all sections call; constants in a section of their own.
 */
const LEGACY = `
typedef unsigned int u32;
struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags, id, pinning; };
#define IN(name) __attribute__((section(name), used))
IN("maps") struct bpf_map_def COUNTS = { 1, 4, 8, 1024, 0, 0, 0 };
IN("maps") struct bpf_map_def EVENTS = { 4, 4, 4, 0, 0, 0, 0 };
IN("maps") struct bpf_map_def JUMPS = { 3, 4, 4, 8, 0, 0, 0 };
IN(".rodata") const volatile u32 TARGET_PID = 0;
IN(".rodata.numbers") const volatile long ONE = 1;
static long (*lookup)(void *, const void *) = (void *)1;
static long (*read_user)(void *, u32, const void *) = (void *)112;
static long (*pid)(void) = (void *)14;
static long (*kill)(u32) = (void *)109;
static long (*store)(void *, u32, const void *, u32, unsigned long) = (void *)9;
static long (*follow)(void *, void *, u32) = (void *)12;
__attribute__((visibility("hidden"), noinline)) void *fill(void *to, int value, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++)
		((volatile char *)to)[i] = value;
	return to;
}
IN("kprobe") int counted(void *ctx)
{
	int key = pid();
	fill(&key, TARGET_PID, 2);
	return lookup(&COUNTS, &key) != ONE;
}
IN("tracepoint/syscalls/sys_enter_openat") int opened(void **ctx)
{
	char name[16];
	fill(name, 0, sizeof(name));
	return read_user(name, 16, ctx[3]);
}
IN("xdp") int passed(void *ctx) { return 2; }
IN("classifier") int shaped(void *ctx) { return store(ctx, 0, &ctx, 1, 0); }
IN("raw_tp/sched_process_exec") int jumped(void *ctx) { return follow(ctx, &JUMPS, 1); }
IN("perf_event") int sampled(void *ctx) { return 0; }
IN("uprobe") int stopped(void *ctx) { return kill(9); }
IN("license") char LICENSE[] = "Dual MIT/GPL";
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
  for (const options of [[], ["-g"]]) {
    const facts = inspectObject(await compiled("clang", LEGACY, options));
    const maps = facts.maps.map(({ name, type, keyBytes, valueBytes, maxEntries }) =>
      `${name} ${type} ${keyBytes} ${valueBytes} ${maxEntries}`
    );
    assert.deepEqual(maps.sort(), [
      ".rodata array 4 4 1",
      ".rodata.numbers array 4 8 1",
      "COUNTS hash 4 8 1024",
      "EVENTS perf_event_array 4 4 0",
      "JUMPS prog_array 4 4 8",
    ]);
    const programs = facts.programs.map(({ name, type, target, level, helpers }) =>
      `${name} ${type} ${target} ${level}: ${helpers}`
    );
    assert.deepEqual(programs.sort(), [
      "counted kprobe undefined observe: bpf_get_current_pid_tgid,bpf_map_lookup_elem",
      "jumped raw_tracepoint sched_process_exec observe: bpf_tail_call",
      "opened tracepoint syscalls/sys_enter_openat inspect: bpf_probe_read_user",
      "passed xdp undefined network: ",
      "sampled perf_event undefined observe: ",
      "shaped sched_cls undefined network: bpf_skb_store_bytes",
      "stopped kprobe undefined control: bpf_send_signal",
    ]);
    assert.deepEqual([facts.license, facts.level], ["Dual MIT/GPL", "control"]);
  }
});

Deno.test("run refuses an object with legacy maps, which inspect reads, and names the remedy", async () => {
  using folder = new TestFolder();
  await Deno.writeFile(folder.at("legacy.o"), await compiled("clang", LEGACY, ["-g"]));
  const inspected = await runCli(["inspect", folder.at("legacy.o")]);
  assert.deepEqual([inspected.code, inspected.stderr], [0, ""]);
  const { code, stderr } = await runCli([folder.at("legacy.o")]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: .*EOPNOTSUPP.*\n.*legacy map.*\nhint: .*SEC\("\.maps"\).*btf_map/);
});

Deno.test("inspectObject() takes names after sections of every kind, as other loaders do", async () => {
  const sections = ["sk_lookup/one", "cgroup_skb/ingress/two", "xdp/three", "sk_skb/four"];
  const source = sections.map((section, i) =>
    `__attribute__((section("${section}"), used)) int p${i}(void *ctx) { return 0; }`
  ).join("\n");
  const { programs } = inspectObject(await compiled("clang", source, []));
  assert.deepEqual(
    programs.map(({ type, level }) => `${type} ${level}`),
    ["sk_lookup network", "cgroup_skb network", "xdp network", "sk_skb network"],
  );
});

Deno.test("inspectObject() takes a function that is alone in .text for a program", async () => {
  const alone = inspectObject(await compiled("clang", "int alone(void *ctx) { return 0; }", []));
  assert.deepEqual(alone.programs.map(({ name, level }) => `${name} ${level}`), ["alone never"]);
  const two = "int one(void *ctx) { return 0; } int two(void *ctx) { return 1; }";
  assert.deepEqual(inspectObject(await compiled("clang", two, [])).programs, []);
});

Deno.test("inspectObject() follows the callback of exceptions, which no instruction names", async () => {
  const source = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
long seen;
__attribute__((noinline)) int caught(unsigned long cookie)
{ return bpf_probe_read_kernel(&seen, 8, (void *)cookie); }
__attribute__((btf_decl_tag("exception_callback:caught"))) SEC("raw_tp/sys_enter")
int thrower(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";`;
  const { programs } = inspectObject(await compiled("clang", source, ["-g"]));
  assert.deepEqual(programs.map(({ helpers }) => helpers), [["bpf_probe_read_kernel"]]);
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
  ...["name", "section", "type", "target", "level", "levels", "helpers", "kfuncs", "variables"],
  ...["readsByMap", "reasons"],
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
