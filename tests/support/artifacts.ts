/** Pushes artifacts with the registry's API, without the project's own client. */
import { createHash } from "node:crypto";
import { succeed } from "./succeed.ts";
import type { TestRegistry } from "./registry.ts";

/** Descriptor of content in a manifest. */
export interface Blob {
  digest: string;
  size: number;
}

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** Uploads a file without reading it into memory. */
export async function putFile(
  registry: TestRegistry,
  repository: string,
  path: string,
): Promise<Blob> {
  const [hex = ""] = (await succeed("sha256sum", path)).split(" ");
  const digest = `sha256:${hex}`;
  const start = await registry.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  await start.body?.cancel();
  const address = new URL(start.headers.get("location") ?? "", registry.url);
  address.searchParams.set("digest", digest);
  await succeed("curl", ...[
    ...["--silent", "--show-error", "--fail", "--request", "PUT", "--upload-file", path],
    ...["--header", "Content-Type: application/octet-stream", address.href],
  ]);
  return { digest, size: (await Deno.stat(path)).size };
}

/** Uploads bytes. */
export async function putBytes(
  registry: TestRegistry,
  repository: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Blob> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const start = await registry.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  await start.body?.cancel();
  const address = new URL(start.headers.get("location") ?? "", registry.url);
  address.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  const response = await registry.fetch(address.href, { method: "PUT", headers, body: bytes });
  await response.body?.cancel();
  if (response.status !== 201) throw new Error(`PUT ${address.href}: ${response.status}`);
  return { digest, size: bytes.length };
}

/** Stores a manifest under a tag or its digest, and returns the digest. */
export async function putManifest(
  registry: TestRegistry,
  name: { repository: string; tag: string },
  manifest: Record<string, unknown>,
): Promise<string> {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...manifest });
  const response = await registry.fetch(`/v2/${name.repository}/manifests/${name.tag}`, {
    method: "PUT",
    headers: { "content-type": String(manifest.mediaType ?? OCI_MANIFEST) },
    body,
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`PUT of a manifest: ${response.status} ${text}`);
  return `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

/** Stores an artifact of one module, in the format of wasm-to-oci. */
export async function putModule(
  registry: TestRegistry,
  name: { repository: string; tag: string },
  module: Uint8Array<ArrayBuffer> | string,
): Promise<string> {
  const { repository } = name;
  const config = await putBytes(registry, repository, new TextEncoder().encode("{}"));
  const layer = typeof module === "string"
    ? await putFile(registry, repository, module)
    : await putBytes(registry, repository, module);
  return await putManifest(registry, name, {
    config: { mediaType: "application/vnd.wasm.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.wasm.content.layer.v1+wasm", ...layer }],
  });
}

/** Creates a file of random bytes with the start of a module. */
export async function makeLargeModule(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const part = new Uint8Array(2 ** 20);
  for (let at = 0; at < part.length; at += 2 ** 16) {
    crypto.getRandomValues(part.subarray(at, at + 2 ** 16));
  }
  for (let at = 0; at < bytes; at += part.length) {
    // Different parts, so that repetition saves nothing.
    new DataView(part.buffer).setUint32(8, at / part.length);
    if (at === 0) part.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const end = Math.min(part.length, bytes - at);
    for (let done = 0; done < end;) done += await file.write(part.subarray(done, end));
  }
}
