/** Coalesced reads: fast events arrive together, rare ones at once. */
import assert from "node:assert/strict";
import { CliProcess, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";
import { assertTimely, withAttempts } from "../support/timely.ts";

const GUEST = fromFileUrl("../../dist/bench/measure.wasm");
const PRODUCER = fromFileUrl("../../.cache/bench/producer");

interface Streamed {
  dropped: number;
  medianUs: number;
  /** Of the slowest of 100 events. */
  lateUs: number;
  batches: number;
}

/** Events of one run, and how they are sent. */
interface Stream {
  /** Program of the measured object: to a ring buffer, or to perf event arrays. */
  program?: "stream" | "stream_perf";
  options?: string[];
  /** Counts and rates that follow each other; one event more comes a second after each. */
  parts: { count: number; rate: number }[];
  /** Time-out of each poll. */
  timeoutMs?: number;
}

/** On one processor: perf events have no order between processors. */
function producer(count: number, rate: number): Deno.Command {
  return new Deno.Command("taskset", {
    args: ["1", PRODUCER, "stream", String(count), String(rate)],
    stdin: "null",
    stdout: "null",
  });
}

async function produce(count: number, rate: number): Promise<void> {
  assert.ok((await producer(count, rate).output()).success);
}

function consumer({ program = "stream", options = [], parts, timeoutMs }: Stream): CliProcess {
  const total = parts.reduce((sum, { count }) => sum + count + 1, -1);
  return new CliProcess([
    ...["--timeout", "120s", "--stats=json", ...options],
    ...[GUEST, program, String(total), "timed"],
    ...(timeoutMs === undefined ? [] : [String(timeoutMs)]),
  ]);
}

/** Consumes streamed events; returns the output of the guest and of `--stats=json`. */
async function stream(events: Stream): Promise<Streamed> {
  await using run = consumer(events);
  await run.waitFor(/^ready$/m);
  for (const { count, rate } of events.parts) await produce(count, rate);
  const { code, stdout, stderr } = await run.result();
  assert.equal(code, 0, stderr);
  const [, , dropped = NaN, wrong = NaN, medianUs = NaN, lateUs = NaN] =
    stdout.split("\n")[1]?.split(" ")
      .map(Number) ?? [];
  // Not an assertion, which another attempt could make good.
  if (wrong !== 0) throw new Error(`${wrong} events out of order`);
  const map = events.program === "stream_perf" ? "sampled" : "filled";
  const stats = JSON.parse(stderr.slice(stderr.indexOf("{")));
  const batches = stats.buffers.find((buffer: { map: string }) => buffer.map === map).batches;
  return { dropped, medianUs, lateUs, batches };
}

for (const program of ["stream", "stream_perf"] as const) {
  Deno.test(`${program}: fast events are read together, in order and without loss`, async () => {
    const count = 200_000;
    const parts = [{ count, rate: 200_000 }];
    await withAttempts(async () => {
      const { dropped, batches } = await stream({ program, parts });
      assert.equal(dropped, 0);
      assert.ok(batches < count / 20, `${batches} batches`);
    });
  });

  Deno.test(`${program}: single events come at once to an idle reader`, async () => {
    const options = ["--latency", "100ms"];
    // Each after a time in which the reader slept; the last one after a second.
    const parts = [{ count: 4, rate: 5 }];
    // A busy machine may let a reader wait for its turn.
    await assertTimely(25, async () => {
      const { dropped, lateUs } = await stream({ program, options, parts });
      assert.equal(dropped, 0);
      // A reader that looks now and then, without a wake-up, would take up to 100 ms.
      return lateUs / 1000;
    });
  });

  Deno.test(`${program}: rare events after fast ones are read at once`, async () => {
    const options = ["--latency", "100ms"];
    const parts = [{ count: 20_000, rate: 200_000 }, { count: 60, rate: 25 }];
    await withAttempts(async () => {
      const { dropped, batches } = await stream({ program, options, parts });
      assert.equal(dropped, 0);
      // Two or three would share a batch if the reader still waited.
      assert.ok(batches > 50, `${batches} batches`);
    });
  });
}

Deno.test("rare events are read at once, whatever the latency", async () => {
  const options = ["--latency", "100ms"];
  await assertTimely(20, async () => {
    const { dropped, medianUs } = await stream({ options, parts: [{ count: 60, rate: 30 }] });
    assert.equal(dropped, 0);
    return medianUs / 1000;
  });
});

Deno.test("short time-outs of a perf event array lose no fast event", async () => {
  const parts = [{ count: 50_000, rate: 100_000 }];
  await withAttempts(async () => {
    const { dropped, batches } = await stream({ program: "stream_perf", parts, timeoutMs: 1 });
    assert.equal(dropped, 0);
    assert.ok(batches < 50_000 / 20, `${batches} batches`);
  });
});

Deno.test("SIGINT ends a wait for quiet perf events", async () => {
  await using run = consumer({
    program: "stream_perf",
    options: ["--latency", "100ms"],
    parts: [{ count: 1_000_000, rate: 50_000 }],
  });
  await run.waitFor(/^ready$/m);
  const endless = producer(1_000_000, 50_000).spawn();
  try {
    // By its end, the reader waits between reads.
    await produce(1000, 50_000);
    run.kill("SIGINT");
    const { code, stderr } = await run.result();
    assert.equal(code, 1, stderr);
    const batches = Number(/"batches":(\d+)/.exec(stderr)?.[1]);
    assert.ok(batches < 1000, stderr);
  } finally {
    endless.kill("SIGKILL");
    await endless.status;
  }
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
