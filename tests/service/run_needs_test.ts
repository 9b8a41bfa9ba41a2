/** Capabilities that a run needs, by what its objects have and what its options are. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { capabilitiesFor, type Definition } from "../../service/mod.ts";
import type { Machine } from "../../cli/background/machine.ts";
import { needsOfRun } from "../../cli/background/run_needs.ts";
import { TestFolder } from "../support/folder.ts";
import { succeed } from "../support/succeed.ts";
import { assembleTo } from "../support/wat.ts";

const HEAD = `
#define SEC(name) __attribute__((section(name), used))
static long (*get_stackid)(void *ctx, void *map, unsigned long flags) = (void *)27;
static long (*probe_write_user)(void *to, const void *from, unsigned int size) = (void *)36;
static long (*trace_printk)(const char *text, unsigned int size, ...) = (void *)6;
char terms[] SEC("license") = "GPL";
`;
const program = (section: string, body = "") =>
  `SEC("${section}") int run(void *ctx) { ${body} return 0; }\n`;
const map = (type: number) =>
  `struct { int (*type)[${type}]; int *key; int *value; int (*max_entries)[1]; } data SEC(".maps");\n`;

const ALWAYS = "DAC_READ_SEARCH SETPCAP PERFMON BPF";
const MODERN: Machine = { hasTracefs: true, isOlder: () => false, isOfModule: () => false };

/** Case: source, expected capabilities in addition to those of every run, options, machine. */
type Case = readonly [
  what: string,
  source: string,
  added: string,
  more?: { words?: readonly string[]; args?: readonly string[]; machine?: Partial<Machine> },
];

const CASES: readonly Case[] = [
  ["a tracepoint", program("tp/sched/sched_switch"), ""],
  ["a tracepoint without tracefs", program("tp/sched/sched_switch"), "SYS_ADMIN", {
    machine: { hasTracefs: false },
  }],
  ["a raw tracepoint without tracefs", program("raw_tp/sched_switch"), "", {
    machine: { hasTracefs: false },
  }],
  ["printed lines without tracefs", program("raw_tp/x", 'trace_printk("x", 2);'), "SYS_ADMIN", {
    machine: { hasTracefs: false },
  }],
  ["a perf event", program("perf_event"), ""],
  ["stacks", map(7) + program("perf_event", "get_stackid(ctx, &data, 0);"), "PTRACE SYSLOG CR"],
  ["a function of the kernel", program("kprobe/do_exit"), "SYSLOG"],
  ["several functions", program("kprobe.multi/tcp_*"), "SYSLOG"],
  ["a probe of a process", program("uprobe//bin/sh:main"), "SYS_ADMIN"],
  ["a probe that sleeps", program("uretprobe.s//bin/sh:main"), "SYS_ADMIN"],
  ["a probe of a program", program("usdt//bin/sh:a:b"), "SYS_ADMIN"],
  ["a link of several probes", program("uprobe.multi//bin/sh:*"), ""],
  ["a probe with --pid", program("uprobe//bin/sh:main"), "PTRACE SYS_ADMIN CR", {
    words: ["--pid=1"],
  }],
  ["a tool with -p", program("tp/a/b"), "PTRACE CR", { args: ["-p", "1"] }],
  ["a probe by option", program("kprobe/f"), "SYS_ADMIN SYSLOG", {
    words: ["--attach=run=uprobe:/bin/sh:main"],
  }],
  ["a function of a module", program("fentry/other"), "SYS_ADMIN", {
    machine: { isOfModule: (name) => name === "other" },
  }],
  ["a typed tracepoint", program("tp_btf/sched_switch"), "", {
    machine: { isOfModule: (name) => name !== "btf_trace_sched_switch" },
  }],
  ["packets by XDP", program("xdp"), "NET_ADMIN NET_RAW"],
  ["packets by tc", program("tc"), "NET_ADMIN NET_RAW"],
  ["packets by tcx", program("tcx/ingress"), "NET_ADMIN NET_RAW"],
  ["a control group", program("cgroup_skb/egress"), "NET_ADMIN NET_RAW"],
  ["devices of a group", program("cgroup/dev"), "NET_ADMIN NET_RAW"],
  ["a hook of security modules", program("lsm/file_open"), ""],
  ["such a hook for a group", program("lsm_cgroup/socket_bind"), "NET_ADMIN NET_RAW"],
  ["a part of the kernel", program("struct_ops/x"), "NET_ADMIN NET_RAW PTRACE SYS_ADMIN CR"],
  ["memory that is written", program("raw_tp/x", "probe_write_user(ctx, ctx, 1);"), "SYS_ADMIN"],
  ["a map of interfaces", map(14) + program("raw_tp/x"), "NET_ADMIN NET_RAW"],
  ["perf buffers", map(4) + program("raw_tp/x"), "IPC_LOCK"],
  ["an old kernel", program("raw_tp/x"), "SYS_ADMIN RESOURCE", {
    machine: { isOlder: () => true },
  }],
  ["a file of records", program("raw_tp/x"), "DAC_OVERRIDE FOWNER", {
    words: ["--output=jsonl=/tmp/x"],
  }],
  ["metrics at a low port", program("raw_tp/x"), "BIND", { words: ["--metrics=127.0.0.1:80"] }],
  ["metrics at a high port", program("raw_tp/x"), "", { words: ["--metrics=127.0.0.1:8080"] }],
  ["names of functions by option", program("raw_tp/x"), "SYSLOG", { words: ["--as=a=ksym"] }],
];

const LONG: Readonly<Record<string, string>> = {
  PTRACE: "SYS_PTRACE",
  CR: "CHECKPOINT_RESTORE",
  RESOURCE: "SYS_RESOURCE",
  BIND: "NET_BIND_SERVICE",
};

function definitionOf(words: readonly string[], rest: readonly string[]): Definition {
  return { name: "one", words: [...words, "--", ...rest], cwd: "/" } as unknown as Definition;
}

function capabilities(
  object: Uint8Array<ArrayBuffer> | undefined,
  definition: Definition,
  machine = MODERN,
): string[] {
  return capabilitiesFor(needsOfRun({ definition, object }, machine))
    .map((name) => name.replace("CAP_", "")).sort();
}

function expected(added: string): string[] {
  const names = `${ALWAYS} ${added}`.split(" ").filter((name) => name !== "");
  return names.map((name) => LONG[name] ?? name).sort();
}

/** Name of the section of the one program, in the place of a longer one. */
const ANY_SECTION = "x".repeat(40);

/** Compiles sources that are not just a section, and returns objects by their source. */
async function objectsOf(
  sources: readonly string[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  using folder = new TestFolder();
  const files = [...new Set(sources)].map((source, i) => ({ source, name: `${i}.c` }));
  for (const { source, name } of files) await Deno.writeTextFile(folder.at(name), HEAD + source);
  const names = files.map(({ name }) => name).join(" ");
  await succeed(
    ...["sh", "-ec"] as const,
    `cd ${folder.path}; clang -g -O1 -target bpf -Wno-int-conversion -c ${names}`,
  );
  return new Map(
    files.map((
      { source, name },
    ) => [source, Deno.readFileSync(folder.at(name.replace(".c", ".o")))]),
  );
}

/** Returns an object whose program has another section. */
function withSection(object: Uint8Array, section: string): Uint8Array<ArrayBuffer> {
  const copy = Buffer.from(object);
  for (let at = copy.indexOf(ANY_SECTION); at >= 0; at = copy.indexOf(ANY_SECTION)) {
    copy.write(section.padEnd(ANY_SECTION.length, "\0"), at, "latin1");
  }
  return new Uint8Array(copy);
}

Deno.test("needsOfRun() finds what each kind of object and option needs", async () => {
  // A start of the compiler for each would take seconds.
  const plain = program(ANY_SECTION);
  const sectionOf = (source: string) =>
    /^SEC\("(.*)"\) int run\(void \*ctx\) \{ {2}return/.exec(source)?.[1];
  const objects = await objectsOf(
    CASES.map(([, source]) => sectionOf(source) === undefined ? source : plain),
  );
  for (const [what, source, added, more = {}] of CASES) {
    const section = sectionOf(source);
    const object = section === undefined
      ? objects.get(source)
      : withSection(objects.get(plain) ?? new Uint8Array(), section);
    const definition = definitionOf(more.words ?? [], ["/object.o", ...more.args ?? []]);
    const found = capabilities(object, definition, { ...MODERN, ...more.machine });
    assert.deepEqual(found, expected(added), what);
  }
});

Deno.test("needsOfRun() gives an unknown module what its permissions allow", async () => {
  using folder = new TestFolder();
  const module = await assembleTo(
    folder.at("late.wasm"),
    `(module (import "wasm_bpf" "wasm_load_bpf_object"
      (func (param i32 i32) (result i64))) (memory (export "memory") 1)
      (func (export "_start")))`,
  );
  const object = await Deno.readFile(module);
  const everything = "NET_ADMIN NET_RAW IPC_LOCK PTRACE SYS_ADMIN SYSLOG CR";
  const of = (...words: string[]) => capabilities(object, definitionOf(words, [module]));
  assert.deepEqual(of(), expected(everything));
  const reading = everything.replace("NET_ADMIN NET_RAW ", "");
  assert.deepEqual(of("--strict", "--allow-bpf=observe,inspect"), expected(reading));
  // A module from elsewhere has no more than it was granted.
  const foreign = { ...definitionOf([], [`example.org/late@sha256:0`]), digest: "sha256:0" };
  assert.deepEqual(capabilities(object, foreign), expected(reading));
  // So has a traced command, of which nothing is known.
  const command = definitionOf([], ["exitsnoop", "--", "ping"]);
  assert.deepEqual(capabilities(undefined, command), expected(everything));
});

Deno.test("needsOfRun() gives a module without eBPF nothing more, unless a level is named", async () => {
  using folder = new TestFolder();
  const module = await assembleTo(folder.at("plain.wasm"), `(module (func (export "_start")))`);
  const object = await Deno.readFile(module);
  assert.deepEqual(capabilities(object, definitionOf([], [module])), expected(""));
  const named = definitionOf(["--allow-bpf=network"], [module]);
  assert.deepEqual(capabilities(object, named), expected("NET_ADMIN NET_RAW"));
});
