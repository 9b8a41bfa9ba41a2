import assert from "node:assert/strict";
import { join } from "node:path";
import { Store } from "../../oci/mod.ts";
import { until } from "../support/condition.ts";
import { chooseSeed, Random } from "../support/random.ts";
import { soakSize } from "../support/soak.ts";
import { largeModule, namesIn, StorePlaces } from "../support/store_places.ts";

const ROUNDS = soakSize({ short: 8, whole: 100 });
const TAGS = ["a", "b", "c"];
const MODULE_BYTES = 12_000_000;

async function pushModules(places: StorePlaces): Promise<void> {
  for (const tag of TAGS) {
    await places.write(`${tag}.wasm`, largeModule(MODULE_BYTES));
    await places.ok("push", "-q", `${tag}.wasm`, places.reference(tag));
  }
}

/** Milliseconds that all pulls take when undisturbed. */
async function undisturbed(places: StorePlaces): Promise<number> {
  const start = performance.now();
  await Promise.all(TAGS.map((tag) => places.ok("pull", "-q", places.reference(tag))));
  return performance.now() - start;
}

/**
 * Nothing of the last round is left to be there already, but perhaps parts that were under way; for some
 * rounds there is not even a store.
 */
async function empty(path: string, round: number): Promise<void> {
  if (round % 3 === 2) return await Deno.remove(path, { recursive: true });
  await using store = await Store.open(path);
  const names = store.entries().map(({ digest }) => digest);
  if (names.length > 0) await store.untag([...new Set(names)]);
  await store.prune();
}

Deno.test(`kill -9 at ${ROUNDS} moments of concurrent pulls leaves the store in order`, async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  await using places = await StorePlaces.create();
  await pushModules(places);
  let wholeMs = await undisturbed(places);
  let cut = 0;
  for (let round = 0; round < ROUNDS || (cut < ROUNDS / 2 && round < 10 * ROUNDS); round++) {
    const what = `round ${round} of SEED=${seed}`;
    await empty(places.store, round);
    // One artifact twice, so that one waits for the other.
    const children = [...TAGS, random.pick(TAGS)].map((tag) =>
      places.start("pull", places.reference(tag))
    );
    children.push(places.start("prune"));
    // A store is made within moments after the start.
    const isFirst = round % 3 === 2 && random.below(2) === 0;
    if (isFirst) await until("a store is begun", () => isThere(places.store));
    const ms = isFirst ? random.below(5) : random.below(wholeMs);
    // time: the kill comes at a random moment of the pull.
    await new Promise((resolve) => setTimeout(resolve, ms));
    for (const child of children) killed(child);
    const ended = await Promise.all(children.map((child) => child.status));
    if (ended.some(({ signal }) => signal === "SIGKILL")) cut++;
    // The machine was busier before.
    else if (!isFirst) wholeMs = Math.min(wholeMs, ms);
    assert.deepEqual(await places.problems(), [], what);
  }
  assert.ok(cut >= ROUNDS / 2, `only ${cut} of ${ROUNDS} rounds were cut`);
  await undisturbed(places);
  for (const tag of TAGS) {
    const { code, stderr } = await places.run("--pull", "never", places.reference(tag));
    // It is read and hashed, but does nothing, and has no memory either.
    assert.match(stderr, /exports no memory/);
    assert.equal(code, 1);
  }
  await places.ok("prune");
  assert.deepEqual(await namesIn(join(places.store, "ingest")), []);
});

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function killed(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
