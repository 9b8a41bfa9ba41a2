import assert from "node:assert/strict";
import { Btf } from "../../ebpf/btf/mod.ts";
import type { ObjectFile, PlainVariable } from "../../ebpf/plain/mod.ts";
import { BtfBuilder } from "../../tests/support/btf_builder.ts";
import { processFilter } from "./process_filter.ts";
import type { Tool } from "./tool.ts";

const BOOL_ENCODING = 4;
const btf = new BtfBuilder();
const INT = btf.int("int", 4, 1);
const BOOL = btf.int("_Bool", 1, BOOL_ENCODING);
const FLAG = btf.int("flag", 4, BOOL_ENCODING);
const PAIR = btf.record("pair", 8, []);
const SHORT = btf.int("short", 2);
const WIDE = btf.typedef("u64", btf.int("unsigned long", 8));
const SIZES: Readonly<Record<number, number>> = { [INT]: 4, [BOOL]: 1, [FLAG]: 4, [PAIR]: 8 };

/** Makes a tool of variables, `section:name`, with their types, and of the sections of programs. */
function toolOf(
  variables: readonly (readonly [place: string, type: number])[],
  sections: readonly string[] = ["tp/sched/sched_switch"],
  option?: string,
): Pick<Tool, "file" | "options"> {
  const list = variables.map(([place, type]): PlainVariable => {
    const [section = "", name = ""] = place.split(":");
    const sizeBytes = SIZES[type] ?? (type === SHORT ? 2 : 8);
    return { name, section, type, sizeBytes, offset: 0, bytes: new Uint8Array(sizeBytes) };
  });
  const file = {
    btf: new Btf(btf.bytes()),
    variables: list,
    variable: (name: string) => list.find((one) => one.name === name),
    programs: sections.map((section, i) => ({ name: `p${i}`, section })),
  } as unknown as ObjectFile;
  const variable = list.find(({ name }) => name === option);
  const options = variable === undefined
    ? []
    : [{ variable, names: ["pid"], help: "", isFlag: false }];
  return { file, options };
}

const filter = (tool: Pick<Tool, "file" | "options">, pid = "77", target?: string) => {
  const targets = new Map(target === undefined ? [] : [["p0", [target]]]);
  const { values, probedPid } = processFilter(tool, pid, { targets, commandPid: 55 });
  return [values.map(({ name, bytes }) => `${name}=${bytes.join()}`).join(), probedPid];
};

for (
  const [variables, expected] of [
    [[[".rodata:targ_pid", INT]], "targ_pid=77,0,0,0"],
    [[[".bss:target_pid", INT]], "target_pid=77,0,0,0"],
    [[[".rodata:pid", INT]], "pid=77,0,0,0"],
    [[[".rodata:filter_pid", WIDE]], "filter_pid=77,0,0,0,0,0,0,0"],
    // A truth value turns the filter on; the number is in another one.
    [[[".rodata:filter_pid", BOOL], [".rodata:pid", INT]], "pid=77,0,0,0"],
    [[[".rodata:filter_pid", FLAG], [".data:targ_tgid", INT]], "targ_tgid=77,0,0,0"],
  ] as const
) {
  Deno.test(`--pid sets ${variables.map(([place]) => place).join(" rather than ")}`, () => {
    assert.deepEqual(filter(toolOf(variables)), [expected, undefined]);
  });
}

for (
  const variables of [
    [],
    // A result of the programs, what cannot hold a number of a process, and others.
    [[".bss:pid", INT]],
    [[".rodata:targ_pid", PAIR]],
    [[".rodata:pid", SHORT]],
    [[".rodata:my_pid", INT]],
  ] as const
) {
  Deno.test(`--pid is refused with ${variables.map(([place]) => place).join() || "none"}`, () => {
    assert.throws(() => filter(toolOf(variables)), { code: "USAGE" });
  });
}

Deno.test("--pid that is refused names a variable that may be the process", () => {
  assert.throws(() => filter(toolOf([[".rodata:my_pid", INT]])), { hint: /--set my_pid=PID/ });
  assert.throws(() => filter(toolOf([])), { hint: /--filter/ });
});

Deno.test("--pid sets the variable of an option of that name first", () => {
  const tool = toolOf([[".rodata:targ_pid", INT], [".rodata:only", INT]], undefined, "only");
  assert.deepEqual(filter(tool), ["only=77,0,0,0", undefined]);
});

Deno.test("--pid is that of probes in user space, by their section or target", () => {
  for (const section of ["uprobe/libc.so.6:malloc", "uretprobe.multi/x:y*", "usdt", "uprobe.s"]) {
    assert.deepEqual(filter(toolOf([], [section])), ["", 77]);
  }
  assert.deepEqual(filter(toolOf([], ["kprobe"]), "77", "uprobe:libc.so.6:malloc"), ["", 77]);
  assert.deepEqual(filter(toolOf([[".rodata:pid", INT]], ["usdt"])), ["pid=77,0,0,0", 77]);
  assert.throws(() => filter(toolOf([], ["kprobe/uprobe_register"])), { code: "USAGE" });
});

Deno.test("--pid takes numbers of processes, SELF and COMMAND", () => {
  const tool = toolOf([], ["usdt"]);
  assert.deepEqual(filter(tool, "COMMAND"), ["", 55]);
  assert.deepEqual(filter(tool, "SELF"), ["", Deno.pid]);
  for (const pid of ["0", "-1", "", "1x", "2147483648", "99999999999"]) {
    assert.throws(() => filter(tool, pid), { code: "USAGE" });
  }
});
