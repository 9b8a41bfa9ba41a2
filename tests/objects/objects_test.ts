/** The corpus of plain objects: what each prints, and that no type is ever guessed wrongly. */
import assert from "node:assert/strict";
import rows from "./objects.json" with { type: "json" };
import { runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

/** One object with what a run of it shows; the build compiles `source` with `defines`. */
interface Row {
  name: string;
  source: string;
  defines?: string[];
  debug?: boolean;
  options?: string[];
  /** Options before the object, and words after it. */
  args?: string[];
  words?: string[];
  /** Format of its records; default: jsonl. */
  format?: string;
  /** All lines on standard output, with `N` for numbers of processes and `TIME` for times. */
  whole?: string[];
  /** Texts on standard output, and those that must not be there. */
  prints?: string[];
  absent?: string[];
  /** Texts on standard error. */
  notes?: string[];
  /** Exit code of a run that fails. */
  fails?: number;
  /** True for a program that runs while the command computes. */
  spins?: boolean;
  /** True for a run in a network namespace of its own. */
  isolated?: boolean;
}

const ROOT = fromFileUrl("../../");
const CALLER = fromFileUrl("../../dist/tests/caller");
await build();

/** Compiles `tests/programs/caller.c`, which makes the system call that the programs watch. */
async function build(): Promise<void> {
  const fresh = `${CALLER}.${Deno.pid}`;
  const source = fromFileUrl("../programs/caller.c");
  await succeed(
    "clang",
    "-O2",
    "-fno-omit-frame-pointer",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-o",
    fresh,
    source,
  );
  await Deno.rename(fresh, CALLER);
}

for (const row of rows as Row[]) {
  Deno.test(`run shows the records of "${row.name}"`, async () => {
    const { code, stdout, stderr } = await runRow(row);
    const shown = `${stdout}\n--\n${stderr}`;
    assert.equal(code, row.fails ?? 0, shown);
    if (row.whole !== undefined) assert.deepEqual(linesOf(stdout), row.whole, shown);
    for (const text of row.prints ?? []) assert.ok(stdout.includes(text), `${text}\n${shown}`);
    for (const text of row.absent ?? []) assert.ok(!stdout.includes(text), `${text}\n${shown}`);
    for (const text of row.notes ?? []) assert.ok(stderr.includes(text), `${text}\n${shown}`);
  });
}

/** Returns the lines of an output without what differs from run to run. */
function linesOf(stdout: string): string[] {
  return stdout.trimEnd().split(/\r?\n/).map((line) =>
    line.replaceAll(/"(pid|tid|ppid)":\d+/g, '"$1":N')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d\d:\d\d:\d\d\b/g, "TIME")
  );
}

async function runRow(row: Row): Promise<{ code: number; stdout: string; stderr: string }> {
  const object = `dist/tests/objects/${row.name}.bpf.o`;
  const isTraced = row.source !== "iterators" && row.source !== "filled" &&
    row.source !== "places" &&
    row.source !== "refused" && row.fails === undefined;
  const pid = isTraced && row.args?.includes("-p") !== true ? ["-p", "COMMAND"] : [];
  const args = ["-o", row.format ?? "jsonl", "--timeout", "120s", ...pid, ...row.args ?? []];
  const command = row.spins === true ? [CALLER, "spin"] : [CALLER];
  return await runCli([...args, object, ...row.words ?? [], "--", ...command], {
    cwd: ROOT,
    ...(row.isolated === true ? { through: ["unshare", "--net", "--"] } : {}),
  });
}
