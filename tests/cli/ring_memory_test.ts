/** Memory that is shown for a ring buffer. */
import assert from "node:assert/strict";
import { CliProcess } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { fromFileUrl } from "../support/paths.ts";

const OBJECT = fromFileUrl("../../dist/tests/events.bpf.o");
const RING_KB = 16 * 1024;

/** Kilobytes of each mapping of a map, as `/proc/PID/smaps` counts them. */
async function mappings(pid: number, count: "Rss" | "Pss"): Promise<number[]> {
  const smaps = await Deno.readTextFile(`/proc/${pid}/smaps`);
  const pattern = new RegExp(`anon_inode:bpf-map\\n(?:\\w+:.*\\n)*?${count}: +(\\d+) kB`, "g");
  return [...smaps.matchAll(pattern)].map(([, kilobytes]) => Number(kilobytes));
}

Deno.test("a ring buffer is mapped once", async () => {
  const args = ["run", "--map-size", "ring=16M", "--timeout", "120s", OBJECT];
  await using run = new CliProcess(args);
  const isMapped = async () => (await mappings(run.pid, "Rss")).some((size) => size > RING_KB);
  await until("the ring is mapped", isMapped);
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  // The kernel maps the data twice in a row; what is proportional counts it once.
  const [rss, pss] = [await mappings(run.pid, "Rss"), await mappings(run.pid, "Pss")].map(sum);
  assert.ok(rss !== undefined && rss < 2.1 * RING_KB, `${rss} kB`);
  assert.ok(pss !== undefined && pss < 1.1 * RING_KB, `${pss} kB`);
});
