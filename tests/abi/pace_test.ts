/** Coalesced reads: fast events arrive together, rare ones at once. */
import assert from "node:assert/strict";
import { CliProcess, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

const GUEST = fromFileUrl("../../dist/bench/measure.wasm");
const PRODUCER = fromFileUrl("../../.cache/bench/producer");

interface Streamed {
  dropped: number;
  wrong: number;
  medianUs: number;
  batches: number;
}

/**
 * Consumes streamed events with `options`; returns the output of the guest and of `--stats=json`.
 */
async function stream(options: string[], count: number, rate: number): Promise<Streamed> {
  const args = [
    "--timeout",
    "60s",
    "--stats=json",
    ...options,
    GUEST,
    "stream",
    String(count),
    "timed",
  ];
  await using run = new CliProcess(args);
  await run.waitFor(/^ready$/m);
  const producer = await new Deno.Command(PRODUCER, {
    args: ["stream", String(count), String(rate)],
    stdin: "null",
  }).output();
  assert.ok(producer.success);
  const { code, stdout, stderr } = await run.result();
  assert.equal(code, 0, stderr);
  const [, dropped = NaN, wrong = NaN, medianUs = NaN] = stdout.split("\n")[1]?.split(" ")
    .map(Number) ?? [];
  const stats = JSON.parse(stderr.slice(stderr.indexOf("{")));
  const batches = stats.buffers.find(({ map }: { map: string }) => map === "filled").batches;
  return { dropped, wrong, medianUs, batches };
}

Deno.test("fast events are read together, in order and without loss", async () => {
  const count = 200_000;
  const { dropped, wrong, batches } = await stream([], count, 400_000);
  assert.deepEqual({ dropped, wrong }, { dropped: 0, wrong: 0 });
  assert.ok(batches < count / 20, `${batches} batches`);
});

Deno.test("rare events are read at once, whatever the latency", async () => {
  const { dropped, wrong, medianUs } = await stream(["--latency", "100ms"], 60, 30);
  assert.deepEqual({ dropped, wrong }, { dropped: 0, wrong: 0 });
  assert.ok(medianUs < 20_000, `median ${medianUs} us`);
});

Deno.test("--latency accepts only 0, microseconds and milliseconds", async () => {
  for (const latency of ["0", "500us", "1ms", "0.1s"]) {
    const { code } = await runCli(["--latency", latency, GUEST, "consume", "1"]);
    assert.equal(code, 0, latency);
  }
  for (const latency of ["x.wasm", "-1ms", "1", "1m", "200ms", ""]) {
    const { code } = await runCli(["--latency", latency, GUEST, "consume", "1"]);
    assert.equal(code, 2, latency);
  }
});
