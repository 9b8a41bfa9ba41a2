/**
 * A registry that keeps what it got of a cut upload, and lets it go on from there, as the distribution
 * specification has it ("Pushing a blob in chunks"). Debian's docker-registry forgets such an upload.
 */
import { createHash } from "node:crypto";

interface Session {
  chunks: Uint8Array<ArrayBuffer>[];
  size: number;
  /** Ends with the request that sends content. */
  taking: Promise<unknown>;
}

/** Uploads only, on a loopback port. */
export class ResumingRegistry implements AsyncDisposable {
  /** Blobs that are whole, by digest. */
  readonly blobs = new Map<string, number>();
  /** Bytes that came in all uploads together. */
  received = 0;
  /** Sizes of the uploads, each time that a client asked. */
  readonly offsets: number[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #minimum: number | undefined;
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  /** @param minimum what it wants at least in a piece that is not the last */
  constructor(minimum?: number) {
    this.#minimum = minimum;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const digest = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(url.pathname)?.[1];
    if (digest !== undefined) {
      const size = this.blobs.get(digest);
      const headers = size === undefined ? {} : { "content-length": String(size) };
      return new Response(null, { status: size === undefined ? 404 : 200, headers });
    }
    if (request.method === "POST") return this.#start();
    const id = url.pathname.split("/").at(-1) ?? "";
    const session = this.#sessions.get(id);
    if (session === undefined) {
      await request.body?.cancel();
      return new Response("", { status: 404 });
    }
    if (request.method === "GET") {
      await session.taking;
      this.offsets.push(session.size);
      return this.#progress(id, session, 204);
    }
    const taken = this.#take(request, id, session);
    session.taking = taken;
    return await taken;
  }

  #start(): Response {
    const id = crypto.randomUUID();
    const session = { chunks: [], size: 0, taking: Promise.resolve() };
    this.#sessions.set(id, session);
    return this.#progress(id, session, 202);
  }

  #progress(id: string, { size }: Session, status: number): Response {
    const headers = {
      location: `/v2/x/blobs/uploads/${id}?_state=a%2Fb+c`,
      ...(size === 0 ? {} : { range: `0-${size - 1}` }),
      ...(this.#minimum === undefined ? {} : { "oci-chunk-min-length": String(this.#minimum) }),
    };
    return new Response(null, { status, headers });
  }

  async #take(request: Request, id: string, session: Session): Promise<Response> {
    const { searchParams, search } = new URL(request.url);
    // A signed state must come back as it was.
    if (!search.startsWith("?_state=a%2Fb+c")) return new Response("", { status: 400 });
    const range = /^(\d+)-(\d+)$/.exec(request.headers.get("content-range") ?? "");
    if (range !== null && Number(range[1]) !== session.size) {
      await request.body?.cancel();
      return new Response("", { status: 416 });
    }
    const before = session.size;
    try {
      for await (const chunk of request.body ?? []) {
        session.chunks.push(chunk);
        session.size += chunk.length;
        this.received += chunk.length;
      }
    } catch {
      // Cut. What came is kept.
      return new Response("", { status: 400 });
    }
    if (request.method === "PATCH") {
      const isWhole = Number(range?.[2] ?? -1) === session.size - 1;
      const isEnough = session.size - before >= (this.#minimum ?? 0);
      if (!isWhole || !isEnough) return new Response("", { status: 416 });
      return this.#progress(id, session, 202);
    }
    return this.#finish(id, session, searchParams.get("digest"));
  }

  #finish(id: string, { chunks, size }: Session, digest: string | null): Response {
    const hash = createHash("sha256");
    for (const chunk of chunks) hash.update(chunk);
    this.#sessions.delete(id);
    if (`sha256:${hash.digest("hex")}` !== digest) return new Response("", { status: 400 });
    this.blobs.set(digest, size);
    return new Response(null, { status: 201, headers: { "docker-content-digest": digest } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
