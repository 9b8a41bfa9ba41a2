import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource } from "../content.ts";
import { digestOf } from "../digest.ts";
import { parseReference } from "../reference.ts";
import { fsck } from "./fsck.ts";
import { CHOSEN_FROM, paths } from "./layout.ts";
import { lookUp } from "./lookup.ts";
import { Store } from "./store.ts";
import {
  blob,
  indexOf,
  MODULE,
  NAME,
  names,
  put,
  withStore,
} from "../../tests/support/store_content.ts";

Deno.test("Store.open() makes an image layout for us alone", async () => {
  await withStore(async (path) => {
    await using _store = await Store.open(path);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o700);
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(path, name)));
    assert.deepEqual(await read("oci-layout"), { imageLayoutVersion: "1.0.0" });
    assert.deepEqual(await read("index.json"), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [],
    });
  });
});

Deno.test("Store.openExisting() makes nothing", async () => {
  const folder = await Deno.makeTempDir();
  assert.equal(Store.openExisting(join(folder, "wasm-bpf")), undefined);
  assert.deepEqual(await names(folder), []);
  await Deno.remove(folder);
});

Deno.test("Store refuses a folder that others can write to, and a link", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "wasm-bpf");
  await Deno.mkdir(path);
  for (const mode of [0o777, 0o770, 0o702]) {
    await Deno.chmod(path, mode);
    await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
    assert.throws(() => Store.openExisting(path), { code: "UNSAFE_STORE" });
    assert.throws(() => lookUp(parseReference(NAME), { path }), { code: "UNSAFE_STORE" });
  }
  await Deno.chmod(path, 0o755);
  await Deno.symlink("wasm-bpf", join(folder, "link"));
  await assert.rejects(Store.open(join(folder, "link")), { code: "UNSAFE_STORE" });
  await Deno.chmod(folder, 0o777);
  await assert.rejects(Store.open(path), { code: "UNSAFE_STORE" });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("lookUp() does not find what is not all there, nor use a damaged manifest", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const digest = await put(store, NAME, MODULE);
    await Deno.rename(paths.blob(path, digest), join(path, "aside"));
    assert.equal(lookUp(parseReference(NAME), { path }), undefined);
    const bytes = await Deno.readFile(join(path, "aside"));
    bytes[bytes.length - 2] = 0x20;
    await Deno.writeFile(paths.blob(path, digest), bytes);
    assert.throws(() => lookUp(parseReference(NAME), { path }), { code: "DIGEST_MISMATCH" });
    await Deno.rename(join(path, "aside"), paths.blob(path, digest));
  });
});

Deno.test("lookUp() verifies digests, whatever the index claims", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const other = "ghcr.io/you/other:v1";
    const digest = await put(store, other, Uint8Array.of(...MODULE, 0, 1, 0));
    const manifest = await store.resolve(other);
    const index = indexOf(manifest);
    await store.push(blob(index), bytesSource(index));
    const root = digestOf(index);
    const missing = `sha256:${"1".repeat(64)}` as const;
    await put(store, NAME, MODULE);
    const forged = await store.resolve(NAME);
    const annotations = { [CHOSEN_FROM]: root };
    const pinned = (text: string) => parseReference(`ghcr.io/you/tool@${text}`);
    for (const wanted of [digest, root, missing]) {
      await store.tag(forged, `ghcr.io/you/tool@${wanted}`, { annotations });
      await store.tag(forged, NAME, { annotations: { [CHOSEN_FROM]: wanted } });
    }
    assert.equal(lookUp(pinned(digest), { path })?.digest, digest);
    assert.equal(lookUp(pinned(root), { path }), undefined);
    assert.equal(lookUp(pinned(missing), { path }), undefined);
    await assert.rejects(store.alias(`ghcr.io/you/tool@${root}`, "x"), { code: "NOT_IN_STORE" });
    await store.alias(`ghcr.io/you/tool@${digest}`, other);
    assert.equal((await store.resolve(other)).digest, digest);
    await store.tag(manifest, other, { annotations });
    assert.equal(lookUp(pinned(root), { path })?.digest, digest);
    // An index that is damaged leads nowhere.
    await Deno.writeFile(paths.blob(path, root), indexOf(forged));
    assert.equal(lookUp(pinned(root), { path }), undefined);
    await Deno.writeFile(paths.blob(path, root), index);
    await store.untag([`ghcr.io/you/tool@${missing}`, NAME]);
  });
});

Deno.test("tag() moves a name, and untag() takes every name of a digest", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const first = await put(store, NAME, MODULE);
    const second = await put(store, NAME, Uint8Array.of(...MODULE, 0, 1, 0));
    assert.notEqual(first, second);
    assert.equal((await store.resolve(NAME)).digest, second);
    await store.alias(NAME, "ghcr.io/you/tool:latest");
    assert.equal(store.entries().length, 2);
    await assert.rejects(store.untag([NAME, "ghcr.io/no/such:x"]), { code: "NOT_IN_STORE" });
    assert.equal(store.entries().length, 2);
    assert.equal((await store.untag([second])).length, 2);
    assert.deepEqual(store.entries(), []);
    await assert.rejects(store.resolve(NAME), { code: "NOT_IN_STORE" });
  });
});

Deno.test("a layout that another program made is changed like ours", async () => {
  await withStore(async (path) => {
    {
      await using store = await Store.open(path);
      await put(store, NAME, MODULE);
    }
    for (const name of ["ingest", "lock"]) await Deno.remove(join(path, name));
    await using store = Store.openExisting(path);
    assert.ok(store);
    await store.alias(NAME, "ghcr.io/you/other:v1");
    await Deno.remove(join(path, "ingest"));
    await store.prune();
    await store.keep([digestOf(MODULE)]);
    await store.untag([NAME, "ghcr.io/you/other:v1"]);
    assert.equal((await store.prune()).blobs.length, 2);
  });
});

Deno.test("a lease that cannot be removed is given up all the same", async () => {
  await withStore(async (path) => {
    const store = await Store.open(path);
    await store.keep([digestOf(MODULE)]);
    const moved = join(path, "moved");
    await Deno.rename(paths.ingest(path), moved);
    await Deno.writeTextFile(paths.ingest(path), "no folder");
    await assert.rejects(store[Symbol.asyncDispose](), { code: "ENOTDIR" });
    for (const name of await names(moved)) {
      using lease = await Deno.open(join(moved, name));
      assert.equal(await lease.tryLock(true), true, name);
    }
  });
});

Deno.test("changes keep what others wrote into the index", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    await put(store, NAME, MODULE);
    const file = join(path, "index.json");
    const index = JSON.parse(await Deno.readTextFile(file));
    index.annotations = { theirs: "kept" };
    index.manifests[0].extra = [1, 2];
    await Deno.writeTextFile(file, JSON.stringify(index));
    await store.alias(NAME, "ghcr.io/you/other:v1");
    const changed = JSON.parse(await Deno.readTextFile(file));
    assert.deepEqual(changed.annotations, { theirs: "kept" });
    assert.deepEqual(changed.manifests.map((one: { extra: unknown }) => one.extra), [
      [1, 2],
      [1, 2],
    ]);
  });
});

Deno.test("Store reports a damaged index, and does not overwrite it", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    await put(store, NAME, MODULE);
    const file = join(path, "index.json");
    const good = await Deno.readTextFile(file);
    const bad = [
      "",
      "{",
      "[]",
      "{}",
      '{"manifests": [{}]}',
      good.replace(/sha256:\w{64}/, "sha256:../../../etc/passwd"),
      good.replace(/"size":\d+/, '"size":-1'),
    ];
    for (const text of bad) {
      await Deno.writeTextFile(file, text);
      await assert.rejects(put(store, "ghcr.io/you/tool:v2", MODULE), { code: "CORRUPT_STORE" });
      assert.throws(() => lookUp(parseReference(NAME), { path }), { code: "CORRUPT_STORE" });
      assert.equal(await Deno.readTextFile(file), text);
      assert.ok((await fsck(path)).problems.length > 0);
    }
    await Deno.writeTextFile(file, good);
  });
});
