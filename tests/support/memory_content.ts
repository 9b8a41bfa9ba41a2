/** Repository in memory, for tests that do not need a registry. */
import {
  bytesSource,
  type ByteStream,
  type Content,
  type Source,
  type StreamOptions,
} from "../../oci/content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { ArtifactError } from "../../oci/errors.ts";
import { OCI_MANIFEST } from "../../oci/media_types.ts";

/** Stores blobs without verification. */
export class MemoryContent implements Content {
  /** Bytes by digest. */
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Descriptors by tag. */
  readonly names = new Map<string, Descriptor>();
  /** Manifests by the digest of their subject. */
  readonly about = new Map<string, Descriptor[]>();
  /** Digests in the order of their fetches. */
  readonly fetched: string[] = [];

  /** Stores bytes unchanged. */
  put(bytes: Uint8Array<ArrayBuffer>, mediaType = OCI_MANIFEST): Descriptor {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  has({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.blobs.has(digest));
  }

  async fetch({ digest }: Descriptor, options?: StreamOptions): Promise<ByteStream> {
    this.fetched.push(digest);
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw notFound(digest);
    return await bytesSource(bytes)(options);
  }

  async push(descriptor: Descriptor, source: Source): Promise<void> {
    const { digest, mediaType } = descriptor;
    const chunks = await Array.fromAsync(await source());
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    const isNew = !this.blobs.has(digest);
    this.blobs.set(digest, bytes);
    if (mediaType !== OCI_MANIFEST || !isNew) return;
    const { subject, artifactType } = JSON.parse(new TextDecoder().decode(bytes));
    if (subject === undefined) return;
    const others = this.about.get(subject.digest) ?? [];
    this.about.set(subject.digest, [...others, { ...descriptor, artifactType }]);
  }

  resolve(name: string): Promise<Descriptor> {
    const descriptor = this.names.get(name);
    return descriptor === undefined ? Promise.reject(notFound(name)) : Promise.resolve(descriptor);
  }

  tag(descriptor: Descriptor, name: string): Promise<void> {
    this.names.set(name, descriptor);
    return Promise.resolve();
  }

  referrers(digest: Digest): Promise<Descriptor[]> {
    return Promise.resolve(this.about.get(digest) ?? []);
  }
}

function notFound(what: string): ArtifactError {
  return new ArtifactError(`Cannot find ${what}`, { code: "NOT_FOUND" });
}
