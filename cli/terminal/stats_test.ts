import assert from "node:assert/strict";
import type { GuestStats } from "../../runtime/command.ts";
import { UsageError } from "../errors.ts";
import { lossWarnings } from "./warnings.ts";
import { statsFormat, statsTable } from "./stats.ts";

const STATS: GuestStats = {
  final: true,
  wallMs: 2500,
  waitingMs: 2400,
  runningMs: 100,
  memoryBytes: 131072,
  processRssBytes: 60_000_000,
  programs: [
    { program: "a", section: "tp/a", runs: 4, runTimeNs: 1000, missedRuns: 0 },
    { program: "uncounted", section: "xdp", runs: null, runTimeNs: null, missedRuns: null },
  ],
  buffers: [
    {
      map: "ring",
      type: "ringbuf",
      deliveredEvents: 10,
      lostEvents: null,
      truncatedEvents: 1,
      batches: 2,
    },
    {
      map: "perf",
      type: "perf_event_array",
      deliveredEvents: 3,
      lostEvents: 7,
      truncatedEvents: 0,
      batches: 1,
    },
  ],
  remaining: [],
  held: [],
};

Deno.test("statsTable() aligns columns and marks unknown values", () => {
  assert.equal(
    statsTable(STATS),
    `time    2.500 s: 2.400 s waiting, 100.000 ms running
memory  0.1 MB of the module, 60.0 MB of the whole process
PROGRAM    SECTION  RUNS  MISSED      TIME  TIME/RUN
a          tp/a        4       0  0.001 ms    250 ns
uncounted  xdp         -       -         -         -
BUFFER  TYPE              DELIVERED  LOST  CUT  BATCHES
ring    ringbuf                  10     -    1        2
perf    perf_event_array          3     7    0        1`,
  );
});

Deno.test("statsFormat() prints JSON on one line", () => {
  const text = statsFormat("json")?.(STATS) ?? "";
  assert.deepEqual(JSON.parse(text), STATS);
  assert.ok(!text.includes("\n"));
});

Deno.test("statsFormat() returns undefined without the option, and refuses unknown formats", () => {
  assert.equal(statsFormat(undefined), undefined);
  assert.throws(() => statsFormat("yaml"), UsageError);
});

Deno.test("lossWarnings() returns a line for each map with losses only", () => {
  assert.deepEqual(lossWarnings(STATS), [
    'warning: map "ring": 1 event cut to the size of the module\'s buffer',
    'warning: map "perf": 7 events lost: they came faster than they were read',
  ]);
  assert.deepEqual(lossWarnings({ ...STATS, buffers: [] }), []);
});
