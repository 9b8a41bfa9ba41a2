import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { joined, makeTar, type TarItem } from "../../tests/support/tar.ts";
import type { ByteStream } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { findOnlyFile, readImageFile } from "./image.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const OTHER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 1, 0);

/** Returns path and bytes of the file in an image with these layers, lowest first. */
async function extract(...layers: (TarItem[] | Uint8Array)[]): Promise<[string, Uint8Array]> {
  const blobs = layers.map((layer) => layer instanceof Uint8Array ? layer : makeTar(layer));
  const descriptors = blobs.map((bytes, index): Descriptor => ({
    mediaType: `layer ${index}`,
    digest: digestOf(bytes),
    size: bytes.length,
  }));
  const open = (layer: Descriptor) => {
    const bytes = blobs[descriptors.indexOf(layer)] ?? new Uint8Array(0);
    return Promise.resolve(ReadableStream.from([bytes]) as ByteStream);
  };
  const options = { what: "it", open };
  const file = await findOnlyFile(descriptors, options);
  const bytes = joined(await Array.fromAsync(readImageFile(file, options)));
  assert.equal(bytes.length, file.size);
  return [file.path, bytes];
}

Deno.test("findOnlyFile() finds the module of an image, compressed or not", async () => {
  const layer: TarItem[] = [{ path: "app/", type: "5" }, { path: "app/x.wasm", body: MODULE }];
  const archive = makeTar(layer);
  for (const packed of [archive, gzipSync(archive), zstdCompressSync(archive)]) {
    assert.deepEqual(await extract(packed), ["app/x.wasm", MODULE]);
  }
  assert.deepEqual(await extract([], layer, []), ["app/x.wasm", MODULE]);
});

Deno.test("findOnlyFile() puts layers upon each other", async () => {
  const lower: TarItem[] = [
    { path: "x.wasm", body: MODULE },
    { path: "etc/passwd", body: MODULE },
    { path: "lib/a/b", body: MODULE },
    { path: "lib/c", body: MODULE },
    { path: "opt/link", type: "2" },
  ];
  const upper: TarItem[] = [
    { path: "etc/.wh.passwd" },
    { path: ".wh.lib" },
    { path: "opt/.wh..wh..opq" },
    { path: "x.wasm", body: OTHER },
  ];
  assert.deepEqual(await extract(lower, upper), ["x.wasm", OTHER]);
  // A whiteout hides what is below, not what its own layer brings, wherever it stands.
  assert.deepEqual(
    await extract(lower.slice(0, 1), [{ path: "x.wasm", body: OTHER }, {
      path: ".wh..wh..opq",
    }]),
    ["x.wasm", OTHER],
  );
  // A file in the place of a folder takes all that was in it with it.
  assert.deepEqual(await extract([{ path: "a/b", body: MODULE }], [{ path: "a", body: OTHER }]), [
    "a",
    OTHER,
  ]);
});

Deno.test("findOnlyFile() takes the last of several versions in one layer", async () => {
  const versions: TarItem[] = [{ path: "a", body: MODULE }, { path: "./a", body: OTHER }];
  assert.deepEqual(await extract(versions), ["a", OTHER]);
});

Deno.test("findOnlyFile() reports what an image has besides a module", async () => {
  const refused: [RegExp, TarItem[]][] = [
    [/found no file/, []],
    [/found no file/, [{ path: "folder/", type: "5" }]],
    [/found x\.wasm, README/, [{ path: "x.wasm", body: MODULE }, { path: "README" }]],
    [/found x \(a link\)/, [{ path: "x", type: "2" }]],
    [/found a \(special\), x/, [{ path: "a", type: "3" }, { path: "x", body: MODULE }]],
    [/f7, and 92 more/, Array.from({ length: 100 }, (_, i) => ({ path: `f${i}` }))],
    [/and 40\d\d more/, Array.from({ length: 5000 }, (_, i) => ({ path: `f${i}` }))],
  ];
  for (const [pattern, items] of refused) {
    await assert.rejects(extract(items), { code: "NOT_A_MODULE", message: pattern });
  }
});

Deno.test("findOnlyFile() refuses a module that is too large without reading it", async () => {
  const archive = makeTar([{ path: "x.wasm", size: 2 ** 31, binarySize: true }]);
  await assert.rejects(extract(archive), { code: "CUT_SHORT" });
});
