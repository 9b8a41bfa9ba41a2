/** Resumable upload of a blob (distribution specification, "Pushing blobs"). */
import type { Source } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { RegistryError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import type { StreamBody } from "./body.ts";
import type { ApiRequest, Connection } from "./connection.ts";

/** Options of {@linkcode upload}. */
export interface UploadOptions {
  readonly connection: Connection;
  /** Common options of all requests. */
  readonly common: Pick<ApiRequest, "what" | "repository" | "scopes" | "signal">;
  readonly repository: string;
  readonly descriptor: Descriptor;
  readonly source: Source;
  /** Repository of the same registry that may have the blob. */
  readonly mountFrom?: string | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Chunk size for registries, or their proxies, that refuse the whole blob in one request. */
const PIECE_BYTES = 16 * 1024 ** 2;

/** Maximum number of new sessions after lost ones. */
const MAX_RESTARTS = 2;

/** Upload session: address to continue at, and bytes that the registry has. */
interface Session {
  url: URL;
  offset: number;
  /** Minimum size of a chunk, except the last. */
  minimum: number;
}

/**
 * Uploads a blob in one request, which every registry supports. After an interruption the upload resumes
 * at the registry's offset.
 *
 * @returns whether bytes were sent; false when the registry mounted the blob from `mountFrom`
 * @throws {RegistryError} and what the source throws
 */
export async function upload(options: UploadOptions): Promise<boolean> {
  return await new BlobUpload(options).run();
}

class BlobUpload {
  readonly #options: UploadOptions;
  #inPieces = false;
  #restarts = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  async run(): Promise<boolean> {
    const { connection, common } = this.#options;
    const patience = connection.patience(common.signal);
    let session: Session | undefined;
    for (;;) {
      try {
        session ??= await this.#start();
        if (session === undefined) return false;
        await this.#send(session);
        return true;
      } catch (error) {
        if (this.#mayStartAgain(error)) {
          session = undefined;
          continue;
        }
        if (session === undefined) throw error;
        await this.#waitOrCancel(session, () => patience.wait(error));
        const before: number = session.offset;
        session = await this.#progress(session);
        if (session !== undefined && session.offset > before) patience.reset();
      }
    }
  }

  /** Reports whether a new session or smaller chunks may succeed. */
  #mayStartAgain(error: unknown): boolean {
    if (!(error instanceof RegistryError)) return false;
    if (error.status === 413 && !this.#inPieces) {
      this.#inPieces = true;
      return true;
    }
    // The registry lost the session, or has another offset.
    const isLost = error.method !== "POST" && (error.status === 404 || error.status === 416);
    return isLost && this.#restarts++ < MAX_RESTARTS;
  }

  /** Starts a session; undefined when the blob was mounted. */
  async #start(): Promise<Session | undefined> {
    const { connection, common, repository, descriptor, mountFrom } = this.#options;
    const query = mountFrom === undefined
      ? ""
      : `?mount=${encodeURIComponent(descriptor.digest)}&from=${encodeURIComponent(mountFrom)}`;
    const answer = await connection.request({
      ...common,
      method: "POST",
      path: `/v2/${repository}/blobs/uploads/${query}`,
      body: new Uint8Array(),
      expected: mountFrom === undefined ? [202] : [201, 202],
    });
    await answer.discard();
    if (answer.status === 201) return undefined;
    const minimum = Number(answer.headers.get("oci-chunk-min-length") ?? 0);
    return {
      url: connection.nextUpload(answer),
      offset: 0,
      minimum: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0,
    };
  }

  async #send(session: Session): Promise<void> {
    const { size } = this.#options.descriptor;
    if (session.offset === 0 && !this.#inPieces) {
      return await this.#finish(session, this.#part(0, size));
    }
    const piece = this.#inPieces ? Math.max(PIECE_BYTES, session.minimum) : size;
    while (session.offset < size) {
      await this.#patch(session, Math.min(piece, size - session.offset));
    }
    await this.#finish(session, new Uint8Array());
  }

  /** Sends one chunk. The offset in the response counts. */
  async #patch(session: Session, length: number): Promise<void> {
    const { connection, common } = this.#options;
    const answer = await connection.request({
      ...common,
      once: true,
      method: "PATCH",
      path: session.url,
      headers: {
        "content-type": "application/octet-stream",
        "content-range": `${session.offset}-${session.offset + length - 1}`,
      },
      body: this.#part(session.offset, length),
      // The specification requires 202; some registries send 201 or 204, some without a new address.
      expected: [202, 201, 204],
    });
    await answer.discard();
    if (answer.status === 202 || answer.headers.has("location")) {
      session.url = connection.nextUpload(answer);
    }
    session.offset = this.#received(answer, session.offset + length);
  }

  async #finish(session: Session, body: StreamBody | Uint8Array<ArrayBuffer>): Promise<void> {
    const { connection, common, descriptor } = this.#options;
    const url = new URL(session.url);
    // Not with searchParams, which would re-encode the registry's own parameters.
    url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(descriptor.digest)}`;
    const answer = await connection.request({
      ...common,
      once: true,
      method: "PUT",
      path: url,
      headers: { "content-type": "application/octet-stream" },
      body,
      expected: [201],
    });
    await answer.discard();
    const digest = answer.headers.get("docker-content-digest");
    if (digest !== null && digest !== descriptor.digest && digest.startsWith("sha256:")) {
      throw connection.broken(answer, "PROTOCOL", `it stored ${digest} instead`);
    }
  }

  #part(offset: number, size: number): StreamBody {
    const { source, common, onProgress } = this.#options;
    return {
      size,
      open: () => source({ offset, signal: common.signal }),
      onProgress: (bytes) => onProgress?.(offset + bytes),
    };
  }

  /** Requests the offset of a session; undefined when the registry lost it. */
  async #progress(session: Session): Promise<Session | undefined> {
    const { connection, common } = this.#options;
    try {
      const answer = await connection.request({
        ...common,
        once: true,
        method: "GET",
        path: session.url,
        expected: [204, 202, 200],
      });
      await answer.discard();
      const offset = this.#received(answer, 0);
      const url = answer.headers.has("location") ? connection.nextUpload(answer) : session.url;
      return { ...session, url, offset };
    } catch (error) {
      common.signal?.throwIfAborted();
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
  }

  /** Returns the bytes of `Range: 0-N`. N is 0 for zero bytes and for one: then it starts again. */
  #received(answer: Answer, otherwise: number): number {
    const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.get("range") ?? "") ?? [];
    if (last === undefined) return otherwise;
    const received = Number(last) === 0 ? 0 : Number(last) + 1;
    const { size } = this.#options.descriptor;
    if (received <= size) return received;
    throw this.#options.connection.broken(
      answer,
      "PROTOCOL",
      `it has ${received} of ${size} bytes`,
    );
  }

  /** Waits before the next attempt, or cancels the session after the last. */
  async #waitOrCancel(session: Session, wait: () => Promise<void>): Promise<void> {
    try {
      await wait();
    } catch (error) {
      if (!this.#options.common.signal?.aborted) await this.#cancel(session);
      throw error;
    }
  }

  async #cancel(session: Session): Promise<void> {
    const { connection, common } = this.#options;
    try {
      const answer = await connection.request({
        ...common,
        once: true,
        signal: AbortSignal.timeout(2000),
        method: "DELETE",
        path: session.url,
        expected: [204],
      });
      await answer.discard();
    } catch {
      // The registry removes abandoned sessions by itself.
    }
  }
}
