import assert from "node:assert/strict";
import { join } from "node:path";
import { FaultProxy } from "../support/fault_proxy.ts";
import { soakSize } from "../support/soak.ts";
import { largeModule, namesIn, StorePlaces } from "../support/store_places.ts";

const ROUNDS = soakSize({ short: 6, whole: 60 });
const TAGS = ["a", "b"];

/** Error of a command whose reference another process has just removed. */
const IS_GONE = /not in the store/;

Deno.test("pulls, pushes, tags, removals and prunes of several processes get along", async () => {
  await using places = await StorePlaces.create();
  const reference = (tag: string) => places.reference(tag);
  for (const tag of TAGS) {
    await places.write(`${tag}.wasm`, largeModule(1_000_000));
    await places.ok("push", "-q", `${tag}.wasm`, reference(tag));
  }
  await places.ok("pull", "-q", reference("a"));
  /** One command, again and again. */
  const again = async (mayBeGone: boolean, ...args: string[]) => {
    for (let round = 0; round < ROUNDS; round++) {
      const { code, stderr } = await places.run(...args);
      if (code !== 0 && mayBeGone && IS_GONE.test(stderr)) continue;
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    }
  };
  await Promise.all([
    again(false, "pull", "-q", reference("a")),
    again(false, "pull", "-q", "-o", "out.wasm", reference("a")),
    again(false, "pull", "-q", reference("b")),
    again(true, "tag", reference("b"), reference("c")),
    again(true, "push", "-q", reference("c")),
    again(true, "rm", "-q", reference("a")),
    again(true, "rm", "-q", reference("b")),
    again(false, "prune", "-q"),
    again(false, "images", "--json"),
  ]);
  assert.deepEqual(await places.problems(), []);
  for (const tag of TAGS) await places.ok("pull", "-q", reference(tag));
  assert.deepEqual(await places.problems(), []);
  assert.deepEqual(await namesIn(join(places.store, "ingest")), []);
});

Deno.test("a transfer that another process has begun is waited for, not repeated", async () => {
  await using places = await StorePlaces.create();
  await places.write("a.wasm", largeModule(8_000_000));
  await places.ok("push", "-q", "a.wasm", places.reference("a"));
  // It notes a request as it comes: the registry writes its log after the response.
  await using proxy = new FaultProxy(places.registry.url, []);
  const reference = places.reference("a").replace(places.registry.host, proxy.host);
  await Promise.all([1, 2, 3].map(() => places.ok("pull", "-q", reference)));
  // The layer and the config, each once, by whichever process was first.
  const blobs = proxy.requests.filter(({ method, path }) =>
    method === "GET" && path.startsWith("/v2/you/tool/blobs/")
  );
  assert.equal(blobs.length, 2);
});
