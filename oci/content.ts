/** Interface of content-addressed storage: a registry's repository or the local store. */
import type { Descriptor } from "./descriptor.ts";
import { type Digest, Verifier, verify } from "./digest.ts";
import { ArtifactError } from "./errors.ts";

/** Stream of bytes. */
export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Options of {@linkcode Content.fetch} and {@linkcode Source}. */
export interface StreamOptions {
  /** Bytes to skip at the start. */
  offset?: number;
  /** Aborts the operation. */
  signal?: AbortSignal | undefined;
}

/** Large enough to make the cost of a chunk negligible, small enough to keep memory flat. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Passes a stream's bytes to `take` chunk by chunk, and reads the next chunk after `take` is done.
 * Byte streams, such as those of registries and files, reuse one buffer: a gigabyte takes no more
 * memory than a megabyte. A chunk is valid until `take` returns or its promise settles.
 *
 * The stream is cancelled when `take` fails.
 */
export async function readChunks(
  stream: ByteStream,
  take: (chunk: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Promise<void> {
  const reader = byteReader(stream);
  try {
    for (;;) {
      const chunk = await reader.read();
      if (chunk === undefined) break;
      const taken = take(chunk);
      if (taken !== undefined) await taken;
    }
  } catch (error) {
    // The first failure is the one to report.
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.release();
  }
}

/** Reader of a stream, with one reused buffer where the stream supports it. */
export interface ByteReader {
  /** Returns the next bytes, valid until the next call; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Cancels the stream. */
  cancel(reason?: unknown): Promise<void>;
  /** Releases the lock on the stream. */
  release(): void;
}

/** Returns a reader of a stream. Most callers need only {@linkcode readChunks}. */
export function byteReader(stream: ByteStream, chunkBytes = CHUNK_BYTES): ByteReader {
  const reader = byobReader(stream);
  if (reader === undefined) return defaultReader(stream);
  let buffer = new ArrayBuffer(chunkBytes);
  return {
    async read() {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (value !== undefined) buffer = value.buffer;
      return done ? undefined : value;
    },
    cancel: (reason) => reader.cancel(reason),
    release: () => reader.releaseLock(),
  };
}

function defaultReader(stream: ByteStream): ByteReader {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => reader.cancel(reason),
    release: () => reader.releaseLock(),
  };
}

function byobReader(stream: ByteStream): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // Not a byte stream. A locked stream fails again in the caller.
    return undefined;
  }
}

/**
 * Opens a stream of bytes; called again, with an offset, to resume a transfer. The caller reads the
 * stream to its end or cancels it.
 */
export type Source = (options?: StreamOptions) => Promise<ByteStream>;

/** Options of all operations. */
export interface CallOptions {
  /** Aborts the operation. */
  signal?: AbortSignal | undefined;
}

/** Options of {@linkcode Content.push}. */
export interface PushOptions extends CallOptions {
  /** Called with the total of bytes transferred; it decreases when a transfer resumes. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** Called when this call waits for another process that pushes the same content. */
  onWait?: (() => void) | undefined;
  /** Repository of the same registry that may have the blob. The store ignores it. */
  mountFrom?: string | undefined;
}

/**
 * Content-addressed storage with names.
 *
 * A name is a tag in a repository and a full reference in the store. A digest is a name in both.
 */
export interface Content {
  /** Reports whether the content exists with this size. */
  has(descriptor: Descriptor, options?: CallOptions): Promise<boolean>;
  /**
   * Opens the content. The bytes are not verified: {@linkcode Content.push} of the destination or
   * {@linkcode readContent} verifies them.
   *
   * @throws `NOT_FOUND` when the content does not exist
   */
  fetch(descriptor: Descriptor, options?: StreamOptions): Promise<ByteStream>;
  /**
   * Returns small content in one piece, not verified; only where a stream costs more than the bytes.
   *
   * @throws `NOT_FOUND` when the content does not exist
   */
  read?(descriptor: Descriptor): Uint8Array<ArrayBuffer>;
  /**
   * Stores content, complete and verified or not at all. Does nothing when the content exists.
   */
  push(descriptor: Descriptor, source: Source, options?: PushOptions): Promise<void>;
  /**
   * Resolves a name to a descriptor.
   *
   * @throws `NOT_FOUND`
   */
  resolve(name: string, options?: CallOptions): Promise<Descriptor>;
  /** Gives a name to existing content; the name leaves its previous content. */
  tag(descriptor: Descriptor, name: string, options?: CallOptions): Promise<void>;
}

/** Source of referrers: manifests with a given subject (distribution specification 1.1). */
export interface Referrers {
  /** Lists the manifests with the subject `digest`, of one artifact type or of all. */
  referrers(
    digest: Digest,
    options?: CallOptions & { artifactType?: string },
  ): Promise<Descriptor[]>;
}

/** Returns a source of bytes in memory. */
export function bytesSource(bytes: Uint8Array<ArrayBuffer>): Source {
  return (options = {}) => {
    const rest = bytes.subarray(options.offset ?? 0);
    return Promise.resolve(ReadableStream.from(rest.length === 0 ? [] : [rest]) as ByteStream);
  };
}

/**
 * Reads small content, such as a manifest, into memory and verifies it.
 *
 * @param options.limit bytes; content that is larger by its descriptor is not requested
 * @throws {ArtifactError} `TOO_LARGE`
 * @throws {MismatchError} when the content does not match the descriptor
 */
export async function readContent(
  content: Pick<Content, "fetch" | "read">,
  descriptor: Descriptor,
  options: CallOptions & { limit: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, digest } = descriptor;
  if (size > options.limit) {
    throw new ArtifactError(
      `Cannot read ${digest}: its size is ${size} bytes, more than the limit of ${options.limit}`,
      { code: "TOO_LARGE" },
    );
  }
  if (content.read !== undefined) {
    const bytes = content.read(descriptor);
    verify(bytes, descriptor);
    return bytes;
  }
  const stream = await content.fetch(descriptor, { signal: options.signal });
  return await readStream(stream, descriptor);
}

/** Reads a small stream into memory and verifies it. */
export async function readStream(
  stream: ByteStream,
  descriptor: Pick<Descriptor, "digest" | "size">,
): Promise<Uint8Array<ArrayBuffer>> {
  const verifier = new Verifier(descriptor);
  const bytes = new Uint8Array(descriptor.size);
  await readChunks(stream, (chunk) => {
    const at = verifier.seen;
    verifier.update(chunk);
    bytes.set(chunk, at);
  });
  verifier.finish();
  return bytes;
}
