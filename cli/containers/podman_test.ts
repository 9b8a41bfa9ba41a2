import assert from "node:assert/strict";
import { Podman } from "./podman.ts";

const PLACES = { graphRoot: "/storage", runRoot: "/run/storage" };
const LIST = "/storage/overlay-containers/containers.json";
const DATABASE = "/storage/libpod/bolt_state.db";
const POD = "b".repeat(64);

/** Returns Podman with files that take some time to read, and what was read. */
function slowPodman(files: Readonly<Record<string, unknown>>, msEach: number) {
  const clock = { ms: 0 };
  const reads: string[] = [];
  const read = (path: string) => {
    if (!Object.hasOwn(files, path)) return undefined;
    reads.push(path);
    clock.ms += msEach;
    const value = files[path];
    return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  };
  return { podman: new Podman(read, PLACES, () => clock.ms), clock, reads };
}

Deno.test("lists that take long to read are read again after ten times as long", () => {
  const { podman, clock, reads } = slowPodman({ [LIST]: [{ id: "a", names: ["web"] }] }, 500);
  assert.equal(podman.namesOf("a")?.container, "web");
  for (; clock.ms < 5_400; clock.ms += 100) assert.equal(podman.namesOf("other"), undefined);
  assert.deepEqual(reads, [LIST]);
  clock.ms = 5_500;
  podman.namesOf("other");
  assert.deepEqual(reads, [LIST, LIST]);
});

Deno.test("a database without the pod is read again after ten times as long", () => {
  const files = {
    [LIST]: [{ id: "a", names: [`${"c".repeat(12)}-infra`] }],
    [DATABASE]: `{"id":"${POD}","name":"cart"}`,
  };
  const { podman, clock, reads } = slowPodman(files, 20);
  const databaseReads = () => reads.filter((path) => path === DATABASE).length;
  for (let i = 0; i < 10; i++) podman.namesOf("a");
  assert.equal(databaseReads(), 1);
  clock.ms += 500;
  podman.namesOf("a");
  assert.equal(databaseReads(), 2);
});

Deno.test("texts that only begin like the pod are passed over, a thousand of them", () => {
  const start = "c".repeat(12);
  const database = (count: number) =>
    `{"id":"${start}" `.repeat(count) + `{"id":"${start}${"c".repeat(52)}","name":"cart"}`;
  const podOf = (count: number) =>
    slowPodman({
      [LIST]: [{ id: "a", names: [`${start}-infra`] }],
      [DATABASE]: database(count),
    }, 0).podman.namesOf("a")?.pod;
  assert.equal(podOf(999), "cart");
  assert.equal(podOf(1000), "");
});
