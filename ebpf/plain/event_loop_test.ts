import assert from "node:assert/strict";
import { errno, type Interrupt, system } from "../../ffi/mod.ts";
import { type LoopParts, runLoop, type Source, type Timer } from "./event_loop.ts";

const EINTR = -errno("EINTR");
const interrupt = { ignoredSignal: 0 } as unknown as Interrupt;

/** Runs a loop by a clock of its own; `wait` returns the milliseconds that a wait takes. */
function run(
  { timers, rounds, wait }: {
    timers: readonly Timer[];
    rounds: number;
    wait: (timeoutMs: number) => number;
  },
): { end: string; timeouts: number[]; readings: number } {
  const timeouts: number[] = [];
  let nowNs = 1_000_000_000n;
  let readings = 0;
  const source: Source = {
    descriptor: -1,
    drain: () => 0,
    wait: (timeoutMs) => {
      timeouts.push(timeoutMs);
      nowNs += BigInt(wait(timeoutMs)) * 1_000_000n;
      return timeouts.length === rounds ? EINTR : 8;
    },
  };
  const real = system.clockNow;
  const clock = system as { clockNow: typeof real };
  clock.clockNow = () => {
    readings += 1;
    return nowNs;
  };
  try {
    const parts: LoopParts = {
      interrupt,
      sources: [source],
      timers,
      isDone: () => false,
      attend: () => {},
    };
    return { end: runLoop(parts), timeouts, readings };
  } finally {
    clock.clockNow = real;
  }
}

Deno.test("runLoop() reads the clock once for each event, with any number of timers", () => {
  const timers = [100, 200, 300].map((seconds) => ({ periodMs: seconds * 1000, due: () => {} }));
  const few = run({ timers, rounds: 10, wait: () => 1 });
  const many = run({ timers, rounds: 110, wait: () => 1 });
  assert.equal(many.readings - few.readings, 100);
  assert.equal(many.end, "interrupted");
});

Deno.test("runLoop() does not read the clock for events without timers", () => {
  const few = run({ timers: [], rounds: 10, wait: () => 1 });
  const many = run({ timers: [], rounds: 110, wait: () => 1 });
  assert.equal(many.readings, few.readings);
  assert.deepEqual(new Set(many.timeouts), new Set([-1]));
});

Deno.test("runLoop() calls each timer at its interval, and waits for the first", () => {
  const calls: string[] = [];
  const timer = (name: string, periodMs: number) => ({ periodMs, due: () => calls.push(name) });
  const timers = [timer("a", 30), timer("b", 50)];
  const { timeouts } = run({ timers, rounds: 6, wait: (timeoutMs) => timeoutMs });
  assert.deepEqual(timeouts, [30, 20, 10, 30, 10, 20]);
  assert.equal(calls.join(""), "abaab");
});

Deno.test("runLoop() leaves out intervals that took too long", () => {
  let calls = 0;
  const timers = [{ periodMs: 10, due: () => calls += 1 }];
  const { timeouts } = run({ timers, rounds: 3, wait: (timeoutMs) => timeoutMs + 35 });
  assert.deepEqual(timeouts, [10, 5, 5]);
  assert.equal(calls, 2);
});
