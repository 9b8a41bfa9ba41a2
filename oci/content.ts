/** What a registry's repository and the local store have in common. */
import type { Descriptor } from "./descriptor.ts";
import { type Digest, Verifier } from "./digest.ts";
import { ArtifactError } from "./errors.ts";

/** Bytes on their way. */
export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** How a stream is opened. */
export interface StreamOptions {
  /** Bytes to leave out at the start. */
  offset?: number;
  /** Gives up at once. */
  signal?: AbortSignal | undefined;
}

/** Large enough that a chunk's own cost does not count, small enough that memory stays flat. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Hands over a stream's bytes, chunk by chunk, and takes the next one when `take` is done with this.
 * One buffer goes round where the stream can do that, as a registry's and a file's can: a gigabyte
 * takes no more memory than a megabyte. Its bytes are valid until `take` returns or its promise ends.
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
    // The stream's own failure is what it failed with; a second one says nothing new.
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.release();
  }
}

/** Reads a stream with one buffer that goes round, or as it comes. */
export interface ByteReader {
  /** The next bytes, valid until the next call; undefined at the end. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Gives the stream up. */
  cancel(reason?: unknown): Promise<void>;
  /** Lets go of the stream. */
  release(): void;
}

/** A reader of a stream; see {@linkcode readChunks}, which is enough for most. */
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
    // It is no byte stream; a locked one fails again below.
    return undefined;
  }
}

/**
 * Where bytes come from: opened again, from an offset, when a transfer is cut and taken up again.
 * Whoever opens a stream reads it to its end or cancels it.
 */
export type Source = (options?: StreamOptions) => Promise<ByteStream>;

/** How an operation may be given up. */
export interface CallOptions {
  /** Gives up at once. */
  signal?: AbortSignal | undefined;
}

/** How content is pushed. */
export interface PushOptions extends CallOptions {
  /** Called now and then with the bytes that are through, of all; less than before after a cut. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** Called when another process is taking the same content in, which is waited for. */
  onWait?: (() => void) | undefined;
  /** A repository of the same registry that may have it; what is no registry's takes no notice. */
  mountFrom?: string | undefined;
}

/**
 * Content by its digest, and names for it.
 *
 * A name is whatever the place gives names by: a tag in a repository, a whole reference in the store;
 * a digest is always one, too.
 */
export interface Content {
  /** Whether it is there, with this size. */
  has(descriptor: Descriptor, options?: CallOptions): Promise<boolean>;
  /**
   * Opens it. The bytes are not verified: {@linkcode Content.push} of another place does that, or
   * {@linkcode readContent}.
   *
   * @throws `NOT_FOUND` when it is not there
   */
  fetch(descriptor: Descriptor, options?: StreamOptions): Promise<ByteStream>;
  /**
   * Takes content in, whole and verified or not at all. Nothing is done when it is there already.
   */
  push(descriptor: Descriptor, source: Source, options?: PushOptions): Promise<void>;
  /**
   * What a name stands for.
   *
   * @throws `NOT_FOUND`
   */
  resolve(name: string, options?: CallOptions): Promise<Descriptor>;
  /** Gives content that is there a name, in place of whatever had it. */
  tag(descriptor: Descriptor, name: string, options?: CallOptions): Promise<void>;
}

/** A place that knows which manifests have a given one as their subject (distribution specification 1.1). */
export interface Referrers {
  /** Descriptors of manifests about `digest`, of one artifact type or of all. */
  referrers(
    digest: Digest,
    options?: CallOptions & { artifactType?: string },
  ): Promise<Descriptor[]>;
}

/** A source of bytes that are in memory. */
export function bytesSource(bytes: Uint8Array<ArrayBuffer>): Source {
  return (options = {}) => {
    const rest = bytes.subarray(options.offset ?? 0);
    return Promise.resolve(ReadableStream.from(rest.length === 0 ? [] : [rest]) as ByteStream);
  };
}

/**
 * Reads small content, such as a manifest, into memory and verifies it.
 *
 * @param options.limit bytes; content that is larger by its descriptor is not asked for
 * @throws {ArtifactError} `TOO_LARGE`
 * @throws {MismatchError} when it is not what the descriptor says
 */
export async function readContent(
  content: Pick<Content, "fetch">,
  descriptor: Descriptor,
  options: CallOptions & { limit: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, digest } = descriptor;
  if (size > options.limit) {
    throw new ArtifactError(
      `Cannot read ${digest}: it has ${size} bytes, and at most ${options.limit} are read`,
      { code: "TOO_LARGE" },
    );
  }
  const stream = await content.fetch(descriptor, { signal: options.signal });
  return await readStream(stream, descriptor);
}

/** Reads a stream that is known to be small, and verifies it. */
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
