import assert from "node:assert/strict";
import { type Release, StartQueue } from "./start_queue.ts";

/** Lets every start happen that is due. */
// time: starts are due after one turn of the event loop, and one that must not happen has no other sign.
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

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
  await turn();
  assert.deepEqual(started, [0, 1]);
  releases[0]?.();
  releases[0]?.();
  await turn();
  assert.deepEqual(started, [0, 1, 2]);
  for (const release of releases) release();
  await turn();
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
  await turn();
  second();
  assert.deepEqual(started, ["second"]);
});
