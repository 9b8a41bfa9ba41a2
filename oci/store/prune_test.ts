import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource } from "../content.ts";
import { digestOf } from "../digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import { parseReference } from "../reference.ts";
import { fsck } from "./fsck.ts";
import { partialName } from "./ingest.ts";
import { ATTACHED_TO, CHOSEN_FROM, emptyIndex, paths } from "./layout.ts";
import { lookUp } from "./lookup.ts";
import { Store } from "./store.ts";
import {
  blob,
  indexOf,
  MODULE,
  NAME,
  names,
  put,
  random,
  withStore,
} from "../../tests/support/store_content.ts";

Deno.test("prune() removes what nothing names, and nothing that is in use", async () => {
  await withStore(async (path) => {
    const bytes = random(1000);
    await using mine = await Store.open(path);
    {
      await using other = await Store.open(path);
      await put(mine, NAME, MODULE);
      await other.push(blob(bytes), bytesSource(bytes));
      assert.deepEqual(await mine.prune(), { blobs: [], freedBytes: 0, unreadable: [] });
    }
    assert.deepEqual(await mine.prune({ dryRun: true }), {
      blobs: [digestOf(bytes)],
      freedBytes: 1000,
      unreadable: [],
    });
    assert.deepEqual((await mine.prune()).blobs, [digestOf(bytes)]);
    assert.deepEqual((await mine.prune()).blobs, []);
    assert.equal((await mine.untag([NAME])).length, 1);
    // Still leased by this one.
    assert.deepEqual((await mine.prune()).blobs, []);
    await mine[Symbol.asyncDispose]();
    assert.equal((await mine.prune()).blobs.length, 3);
    assert.deepEqual(await names(paths.ingest(path)), []);
  });
});

Deno.test("prune() keeps every blob where a manifest that is listed cannot be read", async () => {
  await withStore(async (path) => {
    const kept: string[] = [];
    {
      await using store = await Store.open(path);
      kept.push(await put(store, NAME, MODULE));
      await put(store, "ghcr.io/you/other:v1", Uint8Array.of(...MODULE, 0, 1, 0));
      const bytes = random(1000);
      await store.push(blob(bytes), bytesSource(bytes));
    }
    await using store = await Store.open(path);
    const place = paths.blob(path, kept[0] ?? "");
    const good = await Deno.readFile(place);
    const damaged = good.map((byte, at) => at === good.length - 2 ? byte ^ 1 : byte);
    for (const bytes of [damaged, new Uint8Array(0), undefined]) {
      if (bytes === undefined) await Deno.remove(place);
      else await Deno.writeFile(place, bytes);
      for (const dryRun of [true, false]) {
        const pruned = await store.prune({ dryRun });
        assert.deepEqual(pruned, { blobs: [], freedBytes: 0, unreadable: [NAME] });
      }
    }
    await Deno.writeFile(place, good);
    assert.equal((await store.prune()).freedBytes, 1000);
    // Given up, it keeps nothing any more.
    await Deno.writeFile(place, damaged);
    await store.untag([NAME]);
    assert.equal((await store.prune()).blobs.length, 2);
  });
});

Deno.test("prune() accepts an index whose other manifests were not pulled", async () => {
  await withStore(async (path) => {
    {
      await using store = await Store.open(path);
      const absent = { ...blob(random(9)), mediaType: OCI_MANIFEST };
      const index = indexOf(absent);
      const descriptor = { ...blob(index), mediaType: OCI_INDEX };
      await store.push(descriptor, bytesSource(index));
      await store.tag(descriptor, NAME);
      const bytes = random(1000);
      await store.push(blob(bytes), bytesSource(bytes));
    }
    await using store = await Store.open(path);
    assert.equal((await store.prune()).freedBytes, 1000);
    await store.untag([NAME]);
  });
});

Deno.test("fsck() takes a store for one that is being made as long as nothing is in it", async () => {
  await withStore(async (path) => {
    const problems = async () => (await fsck(path)).problems.length;
    assert.equal(await problems(), 0);
    for (const folder of ["blobs/sha256", "ingest"]) {
      await Deno.mkdir(join(path, folder), { recursive: true });
      assert.equal(await problems(), 0);
    }
    await Deno.writeTextFile(paths.index(path), JSON.stringify(emptyIndex()));
    assert.equal(await problems(), 0);
    await Deno.writeTextFile(paths.marker(path), "{}");
    assert.equal(await problems(), 1);
    await Deno.remove(paths.marker(path));
    await Deno.writeFile(paths.blob(path, digestOf(MODULE)), MODULE);
    assert.equal(await problems(), 1);
    await Store.open(path);
    assert.equal(await problems(), 0);
  });
});

Deno.test("prune() keeps what could be taken up again for a day", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const fresh = join(paths.ingest(path), partialName(`sha256:${"a".repeat(64)}`));
    const old = join(paths.ingest(path), partialName(`sha256:${"b".repeat(64)}`));
    for (const left of [fresh, old, join(paths.ingest(path), "new-left-behind")]) {
      await Deno.writeTextFile(left, "12345");
    }
    await Deno.utime(old, 0, 0);
    assert.equal((await store.prune()).freedBytes, 10);
    assert.equal((await store.prune({ partials: true })).freedBytes, 5);
    assert.deepEqual(await names(paths.ingest(path)), []);
  });
});

Deno.test("a change of the index clears away what killed processes left, and nothing else", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    await using other = await Store.open(path);
    await other.keep([digestOf(MODULE)]);
    const partial = partialName(digestOf(random(9)));
    for (const left of ["lease-of-a-dead-one", "new-index", partial]) {
      await Deno.writeTextFile(join(paths.ingest(path), left), "");
    }
    await put(store, NAME, MODULE);
    const kept = await names(paths.ingest(path));
    assert.equal(kept.length, 3);
    assert.ok(kept.includes(partial) && !kept.includes("lease-of-a-dead-one"));
  });
});

Deno.test("prune() keeps the index of a chosen manifest, and attached artifacts", async () => {
  await withStore(async (path) => {
    {
      await using store = await Store.open(path);
      const digest = await put(store, NAME, MODULE);
      const descriptor = await store.resolve(NAME);
      const index = indexOf(descriptor);
      await store.push(blob(index), bytesSource(index));
      await store.tag(descriptor, NAME, { annotations: { [CHOSEN_FROM]: digestOf(index) } });
      assert.equal(lookUp(parseReference(NAME), { path })?.root, digestOf(index));
      const byIndex = parseReference(`ghcr.io/you/tool@${digestOf(index)}`);
      assert.equal(lookUp(byIndex, { path })?.entry.digest, digest);
      const signature = random(20);
      await store.push(blob(signature), bytesSource(signature));
      await store.add({ ...blob(signature), annotations: { [ATTACHED_TO]: digestOf(index) } });
    }
    await using store = await Store.open(path);
    assert.deepEqual((await store.prune()).blobs, []);
    await store.untag([NAME]);
    assert.equal((await store.prune()).blobs.length, 5);
    assert.deepEqual(store.entries(), []);
  });
});

Deno.test("fsck() finds what is missing, damaged or of another size", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    await put(store, NAME, MODULE);
    const place = paths.blob(path, digestOf(MODULE));
    await Deno.remove(place);
    assert.match((await fsck(path)).problems.join(), /tool:v1: blob sha256:\w+ is missing/);
    await Deno.writeFile(place, MODULE);
    const index = await Deno.readTextFile(join(path, "index.json"));
    await Deno.writeTextFile(join(path, "index.json"), index.replace(/"size":\d+/, '"size":7'));
    assert.match((await fsck(path)).problems.join(), /bytes instead of 7/);
    await Deno.writeTextFile(join(path, "index.json"), index);
    await Deno.remove(join(path, "oci-layout"));
    assert.match((await fsck(path)).problems.join(), /oci-layout/);
    await Store.open(path);
  });
});
