/** Ctrl-C of a plain object: it ends the run, wherever the run is. */
import assert from "node:assert/strict";
import { CliProcess, WASM_BPF } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";

/** Sends 200 KB through a buffer at its start, which are more as text than a pipe has room for. */
const OBJECT = fromFileUrl("../../dist/tests/events.bpf.o");

/** Reports whether a thread of a process waits for the reader of a pipe. */
function isHeldUp(pid: number): boolean {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].some(({ name }) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/task/${name}/wchan`).includes("pipe_write");
    } catch {
      // The thread has ended.
      return false;
    }
  });
}

for (const [signal, code] of [["SIGINT", 0], ["SIGTERM", 0]] as const) {
  Deno.test(`${signal} ends a run of an object that is writing what it has read`, async () => {
    const run = new Deno.Command(WASM_BPF, {
      args: ["run", "-q", "-o", "jsonl", "--timeout", "20s", OBJECT],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    await until("the run waits for its reader", () => isHeldUp(run.pid));
    run.kill(signal);
    const text = await new Response(run.stdout).text();
    const { code: ended, signal: by } = await run.status;
    assert.deepEqual({ ended, by }, { ended: code, by: null });
    assert.equal(text.match(/"source":"perf"/g)?.length, 100);
  });
}

Deno.test("SIGINT ends a run of an object whose table is filled for ever", async () => {
  const object = fromFileUrl("../../dist/tests/objects/filled-endless.bpf.o");
  await using run = new CliProcess(["-o", "jsonl", "--interval", "50ms", object]);
  // The second look at the table does not end by itself, nor does the last one.
  await run.waitFor(/"firsts":1/);
  run.kill("SIGINT");
  const { code, stdout } = await run.result();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '{"key":7,"firsts":1}\n' });
});
