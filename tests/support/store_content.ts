/** Stores in directories of their own, and content for them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource, type ByteStream, type Source } from "../../oci/content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { packModule } from "../../oci/formats/pack.ts";
import { OCI_INDEX } from "../../oci/media_types.ts";
import { fsck } from "../../oci/store/fsck.ts";
import { Store } from "../../oci/store/store.ts";

export const NAME = "ghcr.io/you/tool:v1";

export const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Runs `use` with the path of a store that is not there yet. */
export async function withStore(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "wasm-bpf"));
    assert.deepEqual((await fsck(join(folder, "wasm-bpf"))).problems, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export function blob(bytes: Uint8Array): Descriptor {
  return { mediaType: "application/wasm", digest: digestOf(bytes), size: bytes.length };
}

export function random(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

/** Pushes an artifact around `module`, and names it. */
export async function put(
  store: Store,
  name: string,
  module: Uint8Array<ArrayBuffer>,
): Promise<string> {
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

export async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** A source that breaks off after `cut` bytes, the first `times` times it is opened. */
export function cutting(bytes: Uint8Array<ArrayBuffer>, cut: number, times = Infinity): {
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

/** An image index that leads to one manifest. */
export function indexOf(manifest: Descriptor): Uint8Array<ArrayBuffer> {
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] };
  return new TextEncoder().encode(JSON.stringify(document));
}
