import assert from "node:assert/strict";
import { join } from "node:path";
import { succeed } from "../support/actor.ts";
import { largeModule, namesIn, StorePlaces } from "../support/store_places.ts";

/** A file system of that many bytes below a folder, until it is disposed of. */
async function mounted(path: string, bytes: number): Promise<AsyncDisposable> {
  await Deno.mkdir(path, { recursive: true });
  await succeed("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "wasm-bpf-test", path);
  return {
    async [Symbol.asyncDispose]() {
      await succeed("umount", path);
    },
  };
}

Deno.test("a full disk is an error that leaves the store as it was", async () => {
  await using places = await StorePlaces.create();
  const reference = (tag: string) => places.reference(tag);
  for (const [tag, size] of [["small", 100_000], ["large", 5_000_000]] as const) {
    await places.write(`${tag}.wasm`, largeModule(size));
    await places.ok("push", "-q", `${tag}.wasm`, reference(tag));
  }
  await using _disk = await mounted(join(places.folder, "data"), 3_000_000);
  await places.ok("pull", "-q", reference("small"));
  const before = await places.ok("images", "--json");
  const index = await Deno.readTextFile(join(places.store, "index.json"));

  const { code, stderr } = await places.run("pull", "-q", reference("large"));
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot store sha256:\w+: No space left on device/m);
  assert.match(stderr, /^hint: free some space, wasm-bpf prune/m);
  assert.deepEqual(await places.problems(), []);
  assert.equal(await places.ok("images", "--json"), before);
  assert.deepEqual(await namesIn(join(places.store, "ingest")), []);

  // Not a byte is left: names cannot change any more, and stay what they were.
  await fill(join(places.folder, "data/rest"));
  const tagged = await places.run("tag", reference("small"), reference("other"));
  assert.equal(tagged.code, 1);
  assert.match(tagged.stderr, /No space left on device/);
  assert.equal(await Deno.readTextFile(join(places.store, "index.json")), index);
  assert.equal((await places.run("pull", "-q", reference("large"))).code, 1);
  await places.ok("prune");
  assert.equal(await Deno.readTextFile(join(places.store, "index.json")), index);
  await Deno.remove(join(places.folder, "data/rest"));

  await places.ok("tag", reference("small"), reference("other"));
  // To remove names is what makes room.
  await fill(join(places.folder, "data/rest"));
  await places.ok("rm", reference("other"));
  await places.ok("rm", reference("small"));
  assert.deepEqual(await namesIn(join(places.store, "blobs/sha256")), []);
  await Deno.remove(join(places.folder, "data/rest"));
  await places.ok("pull", "-q", reference("small"));
  await places.ok("rm", reference("small"));
});

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (const size of [65536, 4096, 1]) {
    const zeros = new Uint8Array(size);
    try {
      for (;;) await file.write(zeros);
    } catch {
      // Smaller pieces may fit.
    }
  }
}

Deno.test("pull -o on a full disk leaves the file that was there", async () => {
  await using places = await StorePlaces.create();
  await places.write("a.wasm", largeModule(1_000_000));
  await places.ok("push", "-q", "a.wasm", places.reference("a"));
  await using _disk = await mounted(join(places.folder, "out"), 500_000);
  await Deno.writeTextFile(join(places.folder, "out/a.wasm"), "before");
  const { code, stderr } = await places.run(
    "pull",
    "-q",
    places.reference("a"),
    "-o",
    "out/a.wasm",
  );
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write "out\/a\.wasm": No space left on device/);
  assert.equal(await Deno.readTextFile(join(places.folder, "out/a.wasm")), "before");
  assert.deepEqual(await namesIn(join(places.folder, "out")), ["a.wasm"]);
});
