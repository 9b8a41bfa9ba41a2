import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MemoryContent } from "../tests/support/memory_content.ts";
import { makeTar } from "../tests/support/tar.ts";
import { bytesSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { HostError } from "./errors.ts";
import { moduleBytes, packModule } from "./formats/mod.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "./media_types.ts";
import { parseReference } from "./reference.ts";
import { fsck, lookUp, readPlainModule, Store } from "./store/mod.ts";
import {
  eachBounded,
  pullArtifact,
  type PullOptions,
  pushModule,
  pushStored,
  type TransferObserver,
} from "./transfer.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const REFERENCE = parseReference("ghcr.io/you/tool:v1");

/** Repository in memory and store in a temporary directory. */
class Places implements AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  readonly remote = new MemoryContent();

  private constructor(folder: string, store: Store) {
    this.folder = folder;
    this.store = store;
  }

  static async create(): Promise<Places> {
    const folder = await Deno.makeTempDir();
    return new Places(folder, await Store.open(join(folder, "wasm-bpf")));
  }

  json(value: unknown, mediaType = OCI_MANIFEST): Descriptor {
    return this.remote.put(new TextEncoder().encode(JSON.stringify(value)), mediaType);
  }

  manifest(configType: string, ...layers: Descriptor[]): Descriptor {
    const config = this.json({}, configType);
    return this.json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  }

  pull(options?: PullOptions, reference = REFERENCE) {
    return pullArtifact({ remote: this.remote, reference }, this.store, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.deepEqual((await fsck(this.store.path)).problems, []);
    await this.store[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Observer that records events. */
function listener(): { observer: TransferObserver; heard: string[] } {
  const heard: string[] = [];
  const observer: TransferObserver = {
    start: ({ size }) => ({
      update: () => {},
      wait: () => {},
      end: (outcome) => heard.push(`${size} ${outcome}`),
    }),
  };
  return { observer, heard };
}

for (const format of ["compat", "cncf"] as const) {
  Deno.test(`a module pushed as ${format} is pulled, found and pushed on`, async () => {
    await using places = await Places.create();
    const { store, remote } = places;
    const module = remote.put(MODULE, "");
    remote.blobs.clear();
    const artifact = packModule(module, { format, title: "tool.wasm", created: new Date(0) });
    const to = { remote, reference: REFERENCE };
    const pushed = await pushModule(to, { artifact, source: bytesSource(MODULE) });
    assert.equal(remote.names.get("v1")?.digest, pushed.digest);

    const first = listener();
    const arrived = await places.pull({ observer: first.observer });
    assert.equal(arrived.name, "ghcr.io/you/tool:v1");
    assert.equal(arrived.root.digest, pushed.digest);
    assert.deepEqual(
      first.heard.sort(),
      [`${artifact.config.bytes.length} moved`, "8 moved"].sort(),
    );
    const found = lookUp(REFERENCE, { path: store.path });
    assert.equal(found?.place.kind, format);
    assert.deepEqual(found && readPlainModule(found, { what: "it", path: store.path }), MODULE);

    const second = listener();
    await places.pull({ observer: second.observer });
    assert.ok(second.heard.every((line) => line.endsWith("there already")));

    await store.alias("ghcr.io/you/tool:v1", "quay.io/other/name:v2");
    const other = new MemoryContent();
    const target = { remote: other, reference: parseReference("quay.io/other/name:v2") };
    await pushStored(target, { store, name: "quay.io/other/name:v2" });
    assert.equal(other.names.get("v2")?.digest, pushed.digest);
    assert.equal(other.blobs.size, 3);
  });
}

Deno.test("pullArtifact() selects a manifest from an image index, and stores the index", async () => {
  await using places = await Places.create();
  const { remote, store } = places;
  const layer = remote.put(MODULE, "application/wasm");
  const wasm = places.manifest("application/vnd.wasm.config.v0+json", layer);
  const other = places.manifest(OCI_CONFIG, remote.put(MODULE, "application/wasm"));
  const index = places.json({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      { ...other, platform: { os: "linux", architecture: "amd64" } },
      { ...wasm, platform: { os: "wasi", architecture: "wasm" } },
    ],
  }, OCI_INDEX);
  remote.names.set("v1", index);
  const asked: string[][] = [];
  const admit = (digests: readonly string[]) => Promise.resolve(void asked.push([...digests]));
  const arrived = await places.pull({ admit });
  assert.equal(arrived.manifest.digest, wasm.digest);
  assert.deepEqual(asked, [[wasm.digest, index.digest]]);
  const at = { path: store.path };
  assert.equal(lookUp(REFERENCE, at)?.root, index.digest);
  assert.ok(lookUp(parseReference(`ghcr.io/you/tool@${index.digest}`), at));
  assert.ok(lookUp(REFERENCE, { ...at, platform: "wasi/wasm" }));
  assert.equal(lookUp(REFERENCE, { ...at, platform: "linux/amd64" }), undefined);
  await places.pull({ platform: "linux/amd64" });
  assert.equal(lookUp(REFERENCE, at)?.entry.digest, other.digest);
});

Deno.test("pullArtifact() accepts a container image with one file", async () => {
  await using places = await Places.create();
  const { remote, store } = places;
  const archive = gzipSync(makeTar([{ path: "tool.wasm", body: MODULE }]));
  const layer = remote.put(Uint8Array.from(archive), OCI_LAYER_GZIP);
  remote.names.set("v1", places.manifest(OCI_CONFIG, layer));
  const { place } = await places.pull();
  assert.equal(place.kind, "image");
  const bytes = await Array.fromAsync(moduleBytes({ content: store, place, what: "it" }));
  assert.deepEqual(bytes.flatMap((part) => [...part]), [...MODULE]);
  // A damaged archive on disk.
  const blob = join(store.path, "blobs", ...layer.digest.split(":"));
  const good = await Deno.readFile(blob);
  await Deno.writeFile(blob, good.map((byte, at) => at === 20 ? byte ^ 1 : byte));
  const again = moduleBytes({ content: store, place, what: "it" });
  await assert.rejects(Array.fromAsync(again), { code: "DIGEST_MISMATCH" });
  await Deno.writeFile(blob, good);
});

Deno.test("pullArtifact() gives no name without a module, and requests nothing too large", async () => {
  await using places = await Places.create();
  const { remote, store } = places;
  const text = remote.put(new TextEncoder().encode("text"), "text/plain");
  const wrong = remote.put(new TextEncoder().encode("no module"), "application/wasm");
  const tar = remote.put(makeTar([{ path: "a" }, { path: "b" }]), OCI_LAYER_GZIP);
  const huge = { ...text, mediaType: "application/wasm", size: 2 ** 40 };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX };
  const inner = places.json({ ...index, manifests: [] }, OCI_INDEX);
  const refused: [string, Descriptor][] = [
    ["NOT_A_MODULE", places.manifest("text/x", text)],
    ["NOT_A_MODULE", places.manifest("text/x", wrong)],
    ["NOT_A_MODULE", places.manifest(OCI_CONFIG, tar)],
    ["TOO_LARGE", places.manifest("text/x", huge)],
    ["TOO_LARGE", { ...text, mediaType: OCI_MANIFEST, size: 2 ** 40 }],
    ["NOT_FOUND", places.json({ ...index, manifests: [] }, OCI_INDEX)],
    ["UNSUPPORTED", places.json({ ...index, manifests: [inner] }, OCI_INDEX)],
  ];
  for (const [code, descriptor] of refused) {
    remote.names.set("v1", descriptor);
    await assert.rejects(places.pull(), { code });
  }
  assert.ok(!remote.fetched.includes(huge.digest) || text.digest === huge.digest);
  assert.deepEqual(store.entries(), []);
});

Deno.test("pullArtifact() reports a manifest of an unknown type without a request", async () => {
  await using places = await Places.create();
  const { remote } = places;
  const manifest = places.manifest("text/x", remote.put(MODULE, "application/wasm"));
  const types: Record<string, RegExp> = {
    "application/vnd.docker.distribution.manifest.v1+prettyjws": /oldest format/,
    "application/vnd.oci.artifact.manifest.v1+json": /OCI manifest or index/,
    "text/html": /a web page/,
  };
  for (const [mediaType, hint] of Object.entries(types)) {
    const odd = { ...manifest, mediaType };
    const platform = { os: "wasip1", architecture: "wasm" };
    const manifests = [{ ...odd, platform }];
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    for (const descriptor of [odd, places.json(index, OCI_INDEX)]) {
      remote.names.set("v1", descriptor);
      remote.fetched.length = 0;
      await assert.rejects(places.pull(), (error: HostError) => {
        assert.deepEqual([error.code, hint.test(error.hint ?? "")], ["UNSUPPORTED", true]);
        return error.message.includes(mediaType);
      });
      assert.ok(!remote.fetched.includes(manifest.digest));
    }
  }
});

Deno.test("pullArtifact() leaves the name unchanged when admit() refuses", async () => {
  await using places = await Places.create();
  const { remote, store } = places;
  const layer = remote.put(MODULE, "application/wasm");
  const good = places.manifest("text/x", layer);
  remote.names.set("v1", good);
  await places.pull();
  remote.names.set("v1", places.manifest("text/y", layer));
  const admit = () => Promise.reject(new HostError("Cannot trust it", { code: "NOT_SIGNED" }));
  remote.fetched.length = 0;
  await assert.rejects(places.pull({ admit }), { code: "NOT_SIGNED" });
  assert.equal(remote.fetched.length, 1);
  assert.equal((await store.resolve("ghcr.io/you/tool:v1")).digest, good.digest);
});

Deno.test("pullArtifact() names a pull by its digest, and leaves no name when aborted", async () => {
  await using places = await Places.create();
  const { remote, store } = places;
  const manifest = places.manifest("text/x", remote.put(MODULE, "application/wasm"));
  remote.names.set(manifest.digest, manifest);
  const reference = parseReference(`ghcr.io/you/tool:v9@${manifest.digest}`);
  const { name } = await places.pull({}, reference);
  assert.equal(name, `ghcr.io/you/tool@${manifest.digest}`);
  await store.untag([name]);
  const given = AbortSignal.abort(new Error("given up"));
  await assert.rejects(places.pull({ signal: given }, reference), /given up/);
  assert.deepEqual(store.entries(), []);
});

Deno.test("eachBounded() runs each item, and at most its limit at once", async () => {
  let running = 0, most = 0;
  const seen: number[] = [];
  await eachBounded([1, 2, 3, 4, 5, 6, 7], { limit: 3 }, async (item) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < item; i++) await Promise.resolve();
    seen.push(item);
    running--;
  });
  assert.equal(most, 3);
  assert.deepEqual(seen.sort(), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("eachBounded() throws the first failure after all have ended, and starts no more", async () => {
  const ended: number[] = [];
  const work = async (item: number, signal: AbortSignal) => {
    if (item === 1) throw new Error("first");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended.push(item);
    signal.throwIfAborted();
  };
  await assert.rejects(eachBounded([0, 1, 2, 3], { limit: 2 }, work), { message: "first" });
  assert.deepEqual(ended, [0]);
});

Deno.test("eachBounded() throws the reason of the caller's signal", async () => {
  const outside = new AbortController();
  const promise = eachBounded([1, 2], { limit: 1, signal: outside.signal }, () => {
    outside.abort(new Error("Ctrl-C"));
    return Promise.resolve();
  });
  await assert.rejects(promise, { message: "Ctrl-C" });
});
