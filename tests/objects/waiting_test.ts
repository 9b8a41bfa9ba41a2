/** Runs of objects that have nothing to show: what they say of it, and how they end. */
import assert from "node:assert/strict";
import { CliProcess, runCli, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { isAttached, TerminalRun } from "../support/terminal.ts";
import { withScales } from "../support/timely.ts";

const object = (name: string) => fromFileUrl(`../../dist/tests/objects/${name}.bpf.o`);

/** No process has this number while the programs look at it: it is that of the idle task. */
const NOBODY = ["--set", "targ_pid=-1"];

const HANDLE = "handle (tp/syscalls/sys_enter_getpgid)";

/** Waits for the note of a silent run on a terminal. */
async function noted(name: string, note: RegExp): Promise<void> {
  // An option tells it from the other runs, which are looked for by their words.
  const words = ["--exact", ...NOBODY, object(name)];
  await using run = new TerminalRun([WASM_BPF, ...words], { columns: 200 });
  await run.waitFor(note);
  await run.type("\x03");
  const { end, drawn } = await run.result();
  assert.equal(end, "exit 0");
  assert.match(drawn, /no record came/);
}

/** Runs an object until its programs are attached, then until Ctrl-C. */
async function interrupted(...args: string[]) {
  await using run = new CliProcess(args);
  await until("the object is attached", () => isAttached([WASM_BPF, ...args]));
  run.kill("SIGINT");
  return await run.result();
}

Deno.test("a run without a record names what was attached, and ends with 0 at Ctrl-C", async () => {
  const onTerminals = [
    noted("ring-value", /attached: handle \(tp\/syscalls\/sys_enter_getpgid\); no record yet/),
    noted("table-hash", /; map "counts" is shown at the end: press Ctrl-C, or pass --interval 1s/),
  ];
  const names = ["ring-value", "table-hash", "histogram", "printed", "globals"];
  await Promise.all(names.map(async (name) => {
    const { code, stderr } = await interrupted(...NOBODY, object(name));
    assert.deepEqual([name, code, stderr], [
      ...[name, 0, `note: no record came while these were attached: ${HANDLE}\n`],
    ]);
  }));
  await Promise.all(onTerminals);
});

Deno.test("--timeout ends a run without a record with 0, and the same note", async () => {
  // A slow machine needs more time for the load.
  await withScales(async (scale) => {
    const timeout = `${400 * scale}ms`;
    const { code, stderr } = await runCli(["--timeout", timeout, ...NOBODY, object("ring-value")]);
    assert.deepEqual([code, stderr.split(":")[0]], [0, "note"]);
  });
});

Deno.test("the note names targets that were given, and JSON is whole", async () => {
  const target = `libc.so.6:getpgid@${Deno.pid}`;
  const words = ["--only", "on_call", "--attach", `on_call=${target}`, "-o", "json"];
  const { code, stdout, stderr } = await interrupted(...words, object("places"));
  assert.deepEqual([code, stdout], [0, "[]\n"]);
  assert.ok(stderr.endsWith(`: on_call (${target})\n`), stderr);
});

Deno.test("a run with a record, and one of a command, have no such note", async () => {
  const caller = ["perl", "-e", "getpgrp(0)"];
  const runs = await Promise.all([
    runCli(["-p", "COMMAND", object("ring-value"), "--", ...caller]),
    runCli([...NOBODY, object("ring-value"), "--", "true"]),
  ]);
  for (const { code, stderr } of runs) assert.deepEqual([code, stderr], [0, ""]);
});
