import assert from "node:assert/strict";
import { until } from "../tests/support/condition.ts";
import { type Release, StartQueue } from "./start_queue.ts";

// time: starts are due after one turn of the event loop, and one that must not happen has no other sign.
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Lets every start happen that is due: as many as are expected, and none after them. */
async function turnUntil(started: readonly unknown[], count: number): Promise<void> {
  await until("the starts have begun", () => started.length >= count);
  await turn();
}

Deno.test("StartQueue starts after the caller's code, in order, so many at a time", async () => {
  const queue = new StartQueue(2);
  const started: number[] = [];
  const releases: Release[] = [];
  for (let i = 0; i < 4; i++) {
    queue.add((release) => {
      started.push(i);
      releases.push(release);
    });
  }
  assert.deepEqual(started, []);
  await turnUntil(started, 2);
  assert.deepEqual(started, [0, 1]);
  releases[0]?.();
  releases[0]?.();
  await turnUntil(started, 3);
  assert.deepEqual(started, [0, 1, 2]);
  for (const release of releases) release();
  await turnUntil(started, 4);
  assert.deepEqual(started, [0, 1, 2, 3]);
});

Deno.test("StartQueue forgets what is taken out, and leaves no timer", async () => {
  const queue = new StartQueue(1);
  const started: string[] = [];
  queue.add(() => started.push("first"))();
  const second = queue.add((release) => {
    started.push("second");
    release();
  });
  await turnUntil(started, 1);
  second();
  assert.deepEqual(started, ["second"]);
});
