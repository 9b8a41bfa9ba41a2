import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { makeTar } from "../../tests/support/tar.ts";
import { bytesSource, type Content } from "../content.ts";
import { digestOf } from "../digest.ts";
import { MismatchError } from "../errors.ts";
import type { ModulePlace } from "./find_module.ts";
import { readModule } from "./module_bytes.ts";

const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const OTHER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 1, 0);

const file = (body: Uint8Array) => makeTar([{ path: "x.wasm", body }]);

/** Appends zeros. */
function padded(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  all.set(bytes);
  return all;
}

/** A layer that holds the first bytes, and others from the `turn`th time on that it is read. */
function changing(
  first: Uint8Array<ArrayBuffer>,
  then: Uint8Array<ArrayBuffer>,
  turn: number,
): { content: Pick<Content, "fetch">; place: ModulePlace; what: string } {
  let times = 0;
  const fetch: Content["fetch"] = (_, options) =>
    bytesSource(++times < turn ? first : then)(options);
  const mediaType = "application/vnd.oci.image.layer.v1.tar";
  const layers = [{ mediaType, digest: digestOf(first), size: first.length }];
  return { content: { fetch }, place: { kind: "image", layers, isArchive: true }, what: "it" };
}

Deno.test("readModule() takes nothing of an image that changes while it is read", async () => {
  for (const pack of [(bytes: Uint8Array) => bytes, gzipSync, zstdCompressSync]) {
    const packed = [file(MODULE), file(OTHER)].map((bytes) => pack(bytes));
    const [first, then] = packed.map((bytes) => Uint8Array.from(bytes));
    assert.ok(first && then);
    assert.deepEqual(await readModule(changing(first, then, Infinity)), MODULE);
    for (const turn of [1, 2, 3]) {
      await assert.rejects(readModule(changing(first, then, turn)), MismatchError, `${turn}`);
    }
  }
});

Deno.test("readModule() reads a layer past the end of its archive", async () => {
  const archive = file(MODULE);
  const whole = padded(archive, archive.length + 5000);
  const changed = whole.slice();
  changed[whole.length - 1] = 1;
  for (const turn of [1, 2, 3]) {
    await assert.rejects(readModule(changing(whole, changed, turn)), MismatchError, `${turn}`);
  }
});
