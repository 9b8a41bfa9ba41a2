import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource, type ByteStream, type Source } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { MismatchError } from "../errors.ts";
import { parseReference } from "../reference.ts";
import { fsck } from "./fsck.ts";
import { ingest, partialName } from "./ingest.ts";
import { paths } from "./layout.ts";
import { lookUp, readPlainModule } from "./lookup.ts";
import { Store } from "./store.ts";
import {
  blob,
  cutting,
  MODULE,
  NAME,
  names,
  put,
  random,
  withStore,
} from "../../tests/support/store_content.ts";

Deno.test("push() and tag() keep an artifact that lookUp() finds", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const digest = await put(store, NAME, MODULE);
    assert.equal((await store.resolve(NAME)).digest, digest);
    for (const text of [NAME, `ghcr.io/you/tool@${digest}`, `quay.io/another/name@${digest}`]) {
      const found = lookUp(parseReference(text), { path });
      assert.ok(found, text);
      assert.equal(found.root, digest);
      assert.deepEqual(readPlainModule(found, { what: text, path }), MODULE);
    }
    for (const text of ["ghcr.io/you/tool:v2", `ghcr.io/you/tool@sha256:${"0".repeat(64)}`]) {
      assert.equal(lookUp(parseReference(text), { path }), undefined);
    }
  });
});

Deno.test("push() writes blobs of any size, and none twice", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    for (const size of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 5_000_000]) {
      const bytes = random(size);
      const seen: number[] = [];
      await store.push(blob(bytes), bytesSource(bytes), { onProgress: (n) => seen.push(n) });
      assert.equal(seen.at(-1), size);
      assert.deepEqual(await Deno.readFile(paths.blob(path, digestOf(bytes))), bytes);
      await store.push(blob(bytes), () => Promise.reject(new Error("fetched again")));
    }
  });
});

Deno.test("push() leaves nothing of what is not what it should be", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const bytes = random(3_000_000);
    const wrong: [string, Descriptor][] = [
      ["SIZE_MISMATCH", { ...blob(bytes), size: bytes.length + 1 }],
      ["SIZE_MISMATCH", { ...blob(bytes), size: bytes.length - 1 }],
      ["DIGEST_MISMATCH", { ...blob(random(8)), size: bytes.length }],
    ];
    for (const [code, descriptor] of wrong) {
      await assert.rejects(
        store.push(descriptor, bytesSource(bytes)),
        (error) => error instanceof MismatchError && error.code === code,
      );
    }
    assert.deepEqual(await names(join(path, "blobs/sha256")), []);
    assert.deepEqual((await names(paths.ingest(path))).filter((name) => !/^lease-/.test(name)), []);
  });
});

Deno.test("push() goes on from where an earlier one was cut", async () => {
  await withStore(async (path) => {
    const bytes = random(5_500_000);
    const { source, offsets } = cutting(bytes, 2_000_000, 2);
    for (let attempt = 0; attempt < 2; attempt++) {
      await using store = await Store.open(path);
      await assert.rejects(store.push(blob(bytes), source), { code: "CUT" });
    }
    await using store = await Store.open(path);
    await store.push(blob(bytes), source);
    assert.deepEqual(offsets, [0, 2_000_000, 4_000_000]);
  });
});

Deno.test("push() that is given up hands on why, and leaves what has come", async () => {
  await withStore(async (path) => {
    const bytes = random(3_000_000);
    const given = new AbortController();
    const reason = new DOMException("enough", "AbortError");
    const source: Source = ({ signal } = {}) => {
      let at = 0;
      return Promise.resolve(
        new ReadableStream({
          pull(controller) {
            if (at > 2_000_000) given.abort(reason);
            if (signal?.aborted) return controller.error(signal.reason);
            controller.enqueue(bytes.slice(at, at += 100_000));
          },
        }) as ByteStream,
      );
    };
    {
      await using store = await Store.open(path);
      const push = store.push(blob(bytes), source, { signal: given.signal });
      await assert.rejects(push, (error) => error === reason);
    }
    await using store = await Store.open(path);
    const { source: whole, offsets } = cutting(bytes, Infinity);
    await store.push(blob(bytes), whole);
    assert.ok((offsets[0] ?? 0) > 2_000_000, String(offsets));
  });
});

Deno.test("push() starts again when what an earlier run left is damaged", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    const bytes = random(100_000);
    const left = join(paths.ingest(path), partialName(digestOf(bytes)));
    for (const damaged of [random(50_000), random(100_000), random(200_000)]) {
      await Deno.writeFile(left, damaged);
      await store.push(blob(bytes), bytesSource(bytes));
      await Deno.remove(paths.blob(path, digestOf(bytes)));
    }
    await store.push(blob(bytes), bytesSource(bytes));
  });
});

Deno.test("push() replaces a blob that is damaged, and lookUp() does not use it before", async () => {
  await withStore(async (path) => {
    await using store = await Store.open(path);
    await put(store, NAME, MODULE);
    const place = paths.blob(path, digestOf(MODULE));
    const damaged = MODULE.slice();
    damaged[7] = 1;
    await Deno.writeFile(place, damaged);
    assert.equal((await fsck(path)).problems.length, 2);
    const found = lookUp(parseReference(NAME), { path });
    assert.ok(found);
    assert.throws(() => readPlainModule(found, { what: NAME, path }), { code: "DIGEST_MISMATCH" });
    await store.push(blob(MODULE), bytesSource(MODULE));
    assert.deepEqual(readPlainModule(found, { what: NAME, path }), MODULE);
  });
});

Deno.test("two pushes of one blob transfer it once", async () => {
  await withStore(async (path) => {
    await using one = await Store.open(path);
    await using two = await Store.open(path);
    const bytes = random(3_000_000);
    const opened: number[] = [];
    const source: Source = (options) => {
      opened.push(options?.offset ?? 0);
      return bytesSource(bytes)(options);
    };
    await Promise.all([one, two, one, two].map((store) => store.push(blob(bytes), source)));
    assert.deepEqual(opened, [0]);
  });
});

Deno.test("a push that fails before its transfer leaves the next one of its process no lock", async () => {
  await withStore(async (path) => {
    await using _store = await Store.open(path);
    const bytes = random(1000);
    const source = bytesSource(bytes);
    const reason = new Error("no look");
    const isThere = () => Promise.reject(reason);
    const push = ingest(path, { descriptor: blob(bytes), source, isThere }, {});
    await assert.rejects(push, (error) => error === reason);
    using left = await Deno.open(join(paths.ingest(path), partialName(digestOf(bytes))));
    assert.equal(await left.tryLock(true), true);
  });
});
