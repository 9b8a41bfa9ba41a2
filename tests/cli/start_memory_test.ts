/** Memory that only the start needed. */
import assert from "node:assert/strict";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";
import { succeed } from "../support/succeed.ts";

const OBJECT = fromFileUrl("../../dist/tests/objects/ring-value.bpf.o");
/** Given back at least, of some 45,000. */
const GIVEN_BACK_KB = 15_000;

async function fileKilobytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1]);
}

async function startIsGivenBack(pid: number): Promise<void> {
  let most = 0;
  await until("pages of the start are given back", async () => {
    const now = await fileKilobytes(pid);
    most = Math.max(most, now);
    return now < most - GIVEN_BACK_KB;
  });
}

/** Returns where the process has the first page of its program: an ELF header. */
async function programAt(pid: number): Promise<number> {
  const maps = await Deno.readTextFile(`/proc/${pid}/maps`);
  return parseInt(/^([0-9a-f]+)-\S+ r--p 00000000 .*\/wasm-bpf$/m.exec(maps)?.[1] ?? "", 16);
}

Deno.test("a run gives back the program's pages that only its start needed, and works on", async () => {
  await using run = new CliProcess(["-o", "jsonl", "--timeout", "120s", OBJECT]);
  await startIsGivenBack(run.pid);
  await succeed("perl", "-e", "getpgrp(0)");
  await run.waitFor(/"comm":"perl"/);
});

Deno.test("a page of the program that was written, as by a debugger, stays as it is", async () => {
  await using run = new CliProcess(["-o", "jsonl", "--timeout", "120s", OBJECT]);
  let at = NaN;
  await until("the program is mapped", async () => Number.isInteger(at = await programAt(run.pid)));
  using memory = await Deno.open(`/proc/${run.pid}/mem`, { read: true, write: true });
  // Bytes of the header that nothing reads.
  const written = new TextEncoder().encode("written");
  await memory.seek(at + 9, Deno.SeekMode.Start);
  assert.equal(await memory.write(written), written.length);
  await startIsGivenBack(run.pid);
  const found = new Uint8Array(written.length);
  await memory.seek(at + 9, Deno.SeekMode.Start);
  await memory.read(found);
  assert.deepEqual(found, written);
});
