import assert from "node:assert/strict";
import { bpfState, untilNothingAdded } from "../support/bpf_state.ts";
import { CliProcess, guestPath } from "../support/cli.ts";
import { TestFolder } from "../support/folder.ts";
import { soakSize } from "../support/soak.ts";
import { succeed } from "../support/succeed.ts";

/** Resources that a process holds. */
interface Holdings {
  descriptors: number;
  /** Number of programs, maps and links among them. */
  bpf: number;
  mappings: number;
  /** Without the program's pages, which come and go. */
  ownKb: number;
  /** Part of it that C allocates. */
  heapKb: number;
}

/** Lists the kernel's description of each descriptor of a thread. */
async function descriptorsOf(thread: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(`${thread}/fdinfo`), ({ name }) => name);
  return await Promise.all(names.map((name) => Deno.readTextFile(`${thread}/fdinfo/${name}`)));
}

async function holdings(pid: number): Promise<Holdings> {
  // The broker has a separate descriptor table.
  const tasks = await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`), ({ name }) => name);
  const tables = await Promise.all(tasks.map((task) => descriptorsOf(`/proc/${pid}/task/${task}`)));
  const descriptors = tables.flat();
  const bpf = descriptors.filter((info) => /^(prog|map|link)_id:/m.test(info)).length;
  const smaps = await Deno.readTextFile(`/proc/${pid}/smaps`);
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return {
    descriptors: descriptors.length,
    bpf,
    mappings: [...smaps.matchAll(/^Rss:/gm)].length,
    ownKb: Number(/^RssAnon:\s*(\d+) kB/m.exec(status)?.[1]),
    heapKb: Number(/\[heap\]\n(?:.*\n)*?Rss:\s*(\d+) kB/.exec(smaps)?.[1]),
  };
}

/**
 * V8's heap still grows at first: it levels off after some 2,000 rounds (at most 3,500 observed).
 */
const SLACK_KB = 20 * 1024;
const SLACK_HEAP_KB = 2048;
const SLACK_MAPPINGS = 30;

const ROUNDS = soakSize({ short: 300, whole: 2_000 });

Deno.test(`${ROUNDS} rounds of load, attach, use and close leave no resource in use`, async () => {
  const before = await bpfState();
  using folder = new TestFolder();
  const fifo = folder.at("go-on");
  await succeed("mkfifo", fifo);
  // Opened for reading as well, so that the open does not block.
  using goOn = await Deno.open(fifo, { read: true, write: true });
  await using guest = new CliProcess(
    ["--stdin", fifo, guestPath("rounds"), `${ROUNDS}`, "100", `${ROUNDS}`],
  );
  await guest.waitFor(/^round 100$/m, 240_000);
  const early = await holdings(guest.pid);
  await untilNothingAdded(before);
  await goOn.write(new TextEncoder().encode("\n"));
  await guest.waitFor(new RegExp(`^round ${ROUNDS}$`, "m"), 240_000);
  const late = await holdings(guest.pid);
  await untilNothingAdded(before);
  const seen = JSON.stringify({ early, late });
  assert.equal(early.bpf, 0, seen);
  assert.equal(late.bpf, 0, seen);
  assert.equal(late.descriptors, early.descriptors, seen);
  assert.ok(late.mappings <= early.mappings + SLACK_MAPPINGS, seen);
  assert.ok(late.heapKb <= early.heapKb + SLACK_HEAP_KB, seen);
  assert.ok(late.ownKb <= early.ownKb + SLACK_KB, seen);
});
