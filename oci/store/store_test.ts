import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource, type ByteStream, type Source } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { MismatchError, RegistryError } from "../errors.ts";
import { packModule } from "../formats/pack.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../media_types.ts";
import { parseReference } from "../reference.ts";
import { fsck } from "./fsck.ts";
import { partialName } from "./ingest.ts";
import { ATTACHED_TO, CHOSEN_FROM, emptyIndex, paths } from "./layout.ts";
import { lookUp, readPlainModule } from "./lookup.ts";
import { Store } from "./store.ts";

const NAME = "ghcr.io/you/tool:v1";
const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Runs `use` with the path of a store that is not there yet. */
async function withStore(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "wasm-bpf"));
    assert.deepEqual((await fsck(join(folder, "wasm-bpf"))).problems, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function blob(bytes: Uint8Array): Descriptor {
  return { mediaType: "application/wasm", digest: digestOf(bytes), size: bytes.length };
}

function random(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

/** Pushes an artifact around `module`, and names it. */
async function put(store: Store, name: string, module: Uint8Array<ArrayBuffer>): Promise<string> {
  const { config, layer, manifest } = packModule(blob(module), {
    format: "compat",
    title: "tool.wasm",
    created: new Date(0),
  });
  await store.push(layer, bytesSource(module));
  await store.push(config.descriptor, bytesSource(config.bytes));
  await store.push(manifest.descriptor, bytesSource(manifest.bytes));
  await store.tag(manifest.descriptor, name);
  return manifest.descriptor.digest;
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** A source that breaks off after `cut` bytes, the first `times` times it is opened. */
function cutting(bytes: Uint8Array<ArrayBuffer>, cut: number, times = Infinity): {
  source: Source;
  offsets: number[];
} {
  const offsets: number[] = [];
  const source: Source = ({ offset = 0 } = {}) => {
    offsets.push(offset);
    const isCut = offsets.length <= times;
    let at = offset;
    return Promise.resolve(
      new ReadableStream({
        pull(controller) {
          const end = isCut ? Math.min(bytes.length, offset + cut) : bytes.length;
          if (at < end) {
            controller.enqueue(bytes.slice(at, Math.min(end, at + 100_000)));
            at += 100_000;
          } else if (end === bytes.length) controller.close();
          else controller.error(cutOff());
        },
      }) as ByteStream,
    );
  };
  return { source, offsets };
}

function cutOff(): RegistryError {
  return new RegistryError("Cannot read: cut", { code: "CUT", method: "GET", url: "http://x/" });
}

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

/** An image index that leads to one manifest. */
function indexOf(manifest: Descriptor): Uint8Array<ArrayBuffer> {
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] };
  return new TextEncoder().encode(JSON.stringify(document));
}

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
