/**
 * Proxy in front of a registry, on a loopback port, with the worst faults of registries, proxies and
 * networks. Each connection has one request, so that a fault affects exactly one.
 */

/** Request, as far as faults depend on it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers: Headers;
}

/** Response in place of the registry's. */
export interface FalseAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Fault of a request. */
export interface Fault {
  /** Matching requests. Default: all. */
  readonly method?: string;
  readonly path?: RegExp;
  /** Number of requests that it affects. Default: 1. */
  readonly times?: number;
  /** Responds without the registry. */
  readonly answer?: FalseAnswer | ((request: ProxiedRequest) => FalseAnswer);
  /** Writes these bytes, then closes. */
  readonly raw?: string | Uint8Array;
  /** Changes the request. */
  readonly request?: (headers: Headers) => void;
  /** Changes the head of the registry's response. */
  readonly head?: (headers: Headers, answer: { status: number }) => void;
  /** Changes a chunk of the body. */
  readonly body?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Uses chunked encoding, without a length. */
  readonly chunked?: boolean;
  /** Closes the connection after this many bytes of the body. */
  readonly cutAfter?: number;
  /** Stalls after this many bytes of the body, until the client disconnects. */
  readonly stallAfter?: number;
  /** Sends single bytes of the body, with pauses of this many milliseconds. */
  readonly dripMs?: number;
  /** Forwards this many bytes of the request's body, then closes both connections. */
  readonly cutRequestAfter?: number;
  /** Accepts the request and never responds. */
  readonly silent?: boolean;
  /** Forwards the request, and closes without the response. */
  readonly loseAnswer?: boolean;
}

/** Proxy that forwards requests without a fault. */
export class FaultProxy implements AsyncDisposable {
  /** Received requests, in order. */
  readonly requests: ProxiedRequest[] = [];
  readonly #upstream: string;
  readonly #faults: { fault: Fault; hits: number }[];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  readonly #work = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  /**
   * @param upstream the registry's address: `http://127.0.0.1:5000`
   * @param faults the first matching one with hits left affects a request
   */
  constructor(upstream: string, faults: readonly Fault[]) {
    this.#upstream = upstream;
    this.#faults = faults.map((fault) => ({ fault, hits: 0 }));
    this.#accepting = this.#accept();
  }

  /** `127.0.0.1:PORT`, as in a reference. */
  get host(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      const work = this.#serve(connection).catch(() => {/* It was cut, as it should be. */});
      this.#work.add(work);
      work.finally(() => {
        this.#work.delete(work);
        this.#connections.delete(connection);
        close(connection);
      });
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const read = await readHead(connection);
    if (read === undefined) {
      // A TLS hello: the client probes the scheme.
      await connection.write(new TextEncoder().encode("HTTP/1.0 400 Bad Request\r\n\r\n"));
      return;
    }
    const { request, rest } = read;
    this.requests.push(request);
    const fault = this.#faultFor(request) ?? {};
    if (fault.raw !== undefined) return await writeAll(connection, encode(fault.raw));
    const body = requestBody(connection, { request, rest, limit: fault.cutRequestAfter });
    if (fault.silent) {
      await drain(body);
      return await untilGone(connection);
    }
    if (fault.answer !== undefined) {
      // A registry may refuse before it has read the whole request.
      const answer = typeof fault.answer === "function" ? fault.answer(request) : fault.answer;
      const response = new Response(answer.status === 204 ? null : answer.body ?? "", answer);
      await drain(body);
      return await send(connection, { request, response, fault });
    }
    fault.request?.(request.headers);
    const response = await fetch(`${this.#upstream}${request.path}`, {
      client: this.#client,
      method: request.method,
      headers: forwarded(request.headers),
      redirect: "manual",
      ...(request.method === "GET" || request.method === "HEAD" ? {} : { body }),
    });
    if (!fault.loseAnswer) return await send(connection, { request, response, fault });
    await response.body?.cancel();
  }

  #faultFor(request: ProxiedRequest): Fault | undefined {
    for (const entry of this.#faults) {
      const { method, path, times = 1 } = entry.fault;
      if (method !== undefined && method !== request.method) continue;
      if (path !== undefined && !path.test(request.path)) continue;
      if (entry.hits === times) continue;
      entry.hits++;
      return entry.fault;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#accepting.catch(() => {});
    await Promise.all(this.#work);
    this.#client.close();
  }
}

const HEAD_END = "\r\n\r\n";

/** Parses a request's head, and the start of its body; undefined when invalid. */
async function readHead(
  connection: Deno.TcpConn,
): Promise<{ request: ProxiedRequest; rest: Uint8Array<ArrayBuffer> } | undefined> {
  let bytes = new Uint8Array();
  for (;;) {
    const buffer = new Uint8Array(16 * 1024);
    const count = await connection.read(buffer);
    if (count === null || (bytes.length === 0 && buffer[0] === 0x16)) return undefined;
    bytes = concat([bytes, buffer.subarray(0, count)]);
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf(HEAD_END);
    if (end < 0) continue;
    const [start = "", ...lines] = text.slice(0, end).split("\r\n");
    const [method = "", path = ""] = start.split(" ");
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    return { request: { method, path, headers }, rest: bytes.slice(end + HEAD_END.length) };
  }
}

/** Reads the body by its `Content-Length`, which all requests of the client have. */
function requestBody(
  connection: Deno.TcpConn,
  { request, rest, limit }: {
    request: ProxiedRequest;
    rest: Uint8Array<ArrayBuffer>;
    limit: number | undefined;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (request.headers.has("transfer-encoding")) throw new Error("a body of unknown length");
  let left = Number(request.headers.get("content-length") ?? 0);
  let allowed = limit ?? Infinity;
  let chunk: Uint8Array<ArrayBuffer> | undefined = rest;
  return new ReadableStream({
    async pull(controller) {
      if (left === 0) return controller.close();
      if (allowed === 0) return controller.error(new Error("cut"));
      if (chunk === undefined || chunk.length === 0) {
        const buffer = new Uint8Array(64 * 1024);
        const count = await connection.read(buffer);
        if (count === null) return controller.error(new Error("the client has gone"));
        chunk = buffer.subarray(0, count);
      }
      const part: Uint8Array<ArrayBuffer> = chunk.subarray(0, Math.min(allowed, left));
      chunk = undefined;
      left -= part.length;
      allowed -= part.length;
      controller.enqueue(part);
    },
  }, { highWaterMark: 0 });
}

async function drain(stream: ReadableStream): Promise<void> {
  for await (const _ of stream);
}

/** Removes the headers of the connection itself. */
function forwarded(headers: Headers): Headers {
  const out = new Headers(headers);
  for (const name of ["host", "connection", "content-length"]) out.delete(name);
  return out;
}

async function send(
  connection: Deno.TcpConn,
  { request, response, fault }: { request: ProxiedRequest; response: Response; fault: Fault },
): Promise<void> {
  const headers = new Headers(response.headers);
  const answer = { status: response.status };
  headers.set("connection", "close");
  if (fault.answer !== undefined && !headers.has("content-length")) {
    const { body } = response.clone();
    const length = body === null ? 0 : (await new Response(body).bytes()).length;
    headers.set("content-length", String(length));
  }
  if (fault.chunked) {
    headers.delete("content-length");
    headers.set("transfer-encoding", "chunked");
  }
  fault.head?.(headers, answer);
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  try {
    await writeAll(connection, encode(`HTTP/1.1 ${answer.status} X\r\n${lines}\r\n`));
    if (request.method === "HEAD" || response.body === null) return;
    await sendBody(connection, response.body, fault);
  } finally {
    await response.body?.cancel().catch(() => {});
  }
}

async function sendBody(
  connection: Deno.TcpConn,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  fault: Fault,
): Promise<void> {
  const stop = fault.cutAfter ?? fault.stallAfter ?? Infinity;
  let sent = 0;
  for await (const whole of body) {
    const part = (fault.body?.(whole) ?? whole).subarray(0, stop - sent);
    sent += part.length;
    await writePart(connection, part, fault);
    if (sent >= stop) break;
  }
  if (fault.stallAfter !== undefined) await untilGone(connection);
  else if (fault.chunked && fault.cutAfter === undefined) {
    await writeAll(connection, encode("0\r\n\r\n"));
  }
}

async function writePart(
  connection: Deno.TcpConn,
  part: Uint8Array,
  { chunked, dripMs }: Fault,
): Promise<void> {
  if (part.length === 0) return;
  if (dripMs !== undefined) {
    for (const byte of part) {
      await writeAll(connection, Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, dripMs));
    }
    return;
  }
  const [before, after] = chunked ? [`${part.length.toString(16)}\r\n`, "\r\n"] : ["", ""];
  await writeAll(connection, concat([encode(before), part, encode(after)]));
}

async function untilGone(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await connection.read(buffer) !== null);
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
}

function encode(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

function concat(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Already closed by the peer.
  }
}
