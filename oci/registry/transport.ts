/** Sends one request and waits for the head of the response. No redirects, credentials or retries. */
import config from "../../deno.json" with { type: "json" };
import { HostError } from "../../ffi/errors.ts";
import { Answer } from "./answer.ts";
import { SizedBody, type StreamBody, Upload } from "./body.ts";
import { failureOf } from "./failure.ts";
import { DEFAULT_TIMING, type Timing } from "./retry.ts";
import {
  authoritiesOf,
  checkDenosLists,
  hostAuthorities,
  machineAuthorities,
} from "./trust_store.ts";
import { Watchdog } from "./watchdog.ts";

/** Request. */
export interface Exchange {
  /** Purpose, as in "Cannot WHAT: …". */
  readonly what: string;
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | StreamBody | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Idle time in place of the default. */
  readonly idleMs?: number;
}

/** Options of a {@linkcode Transport}. */
export interface TransportOptions {
  /** PEM file of certificate authorities to trust in addition to the machine's. */
  readonly caFile?: string | undefined;
  readonly timing?: Partial<Timing> | undefined;
}

const USER_AGENT = `wasm-bpf/${config.version}`;

/** Hosts that never use a proxy. */
const LOOPBACK = "localhost,127.0.0.0/8,::1";

/** Pool of connections to servers. Close it after use. */
export class Transport implements Disposable {
  readonly timing: Timing;
  readonly #caFile: string | undefined;
  /** Clients by host: each host may have its own authorities. */
  readonly #clients = new Map<string, Deno.HttpClient>();
  #machines: string[] | undefined;

  constructor(options: TransportOptions) {
    this.timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#caFile = options.caFile;
  }

  /**
   * Sends a request.
   *
   * @returns the response of any status, whose body is still to be read
   * @throws {RegistryError} without a response; the signal's reason; the source's own error when the
   *   body cannot be read
   */
  async send(exchange: Exchange): Promise<Answer> {
    const { what, method, url } = exchange;
    const client = this.#clientFor(url);
    const watchdog = this.#watchdog(exchange);
    const idleMs = exchange.idleMs ?? this.timing.idleMs;
    const upload = this.#upload(exchange.body, watchdog, idleMs);
    watchdog.watch(idleMs);
    try {
      const response = await watchdog.guard(fetch(url, {
        method,
        client,
        redirect: "manual",
        signal: watchdog.signal,
        headers: { "user-agent": USER_AGENT, "accept-encoding": "identity", ...exchange.headers },
        ...bodyOf(exchange.body, upload),
      }));
      watchdog.rest();
      const { timing } = this;
      return new Answer({ what, method, url, response, watchdog, idleMs, timing });
    } catch (error) {
      watchdog[Symbol.dispose]();
      if (upload?.failure !== undefined) throw upload.failure.error;
      throw failureOf(error, exchange);
    } finally {
      await upload?.close();
    }
  }

  #watchdog(exchange: Exchange): Watchdog {
    try {
      return new Watchdog(exchange.signal);
    } catch (reason) {
      throw failureOf(reason, exchange);
    }
  }

  #upload(body: Exchange["body"], watchdog: Watchdog, idleMs: number): Upload | undefined {
    if (body === undefined || body instanceof Uint8Array) return undefined;
    return new Upload(body, {
      onRead: () => watchdog.rest(),
      onSent: (bytes) => {
        watchdog.watch(idleMs);
        body.onProgress?.(bytes);
      },
      onEnd: () => watchdog.watch(this.timing.commitMs),
    });
  }

  /** Returns the client of a host. Certificates are read only for TLS. */
  #clientFor(url: URL): Deno.HttpClient {
    const known = this.#clients.get(url.origin);
    if (known !== undefined) return known;
    checkDenosLists();
    const caCerts = url.protocol === "https:" ? this.#authorities(url) : [];
    const client = withoutProxyForLoopback(() => createClient(caCerts));
    this.#clients.set(url.origin, client);
    return client;
  }

  #authorities({ host }: URL): string[] {
    const own = this.#caFile === undefined ? [] : authoritiesOf(this.#caFile);
    this.#machines ??= machineAuthorities();
    return [...own, ...hostAuthorities(host), ...this.#machines];
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}

function bodyOf(body: Exchange["body"], upload: Upload | undefined): { body?: BodyInit } {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { body };
  // An empty stream would wait for its first byte.
  if (upload === undefined || body.size === 0) return { body: new Uint8Array() };
  return { body: new SizedBody(upload.stream, body.size) };
}

/** Creates a client, which reads its proxies from the environment, without a proxy for loopback. */
function withoutProxyForLoopback<T>(make: () => T): T {
  const given = Deno.env.get("NO_PROXY");
  const rest = given ?? Deno.env.get("no_proxy") ?? "";
  Deno.env.set("NO_PROXY", rest === "" ? LOOPBACK : `${rest},${LOOPBACK}`);
  try {
    return make();
  } finally {
    if (given === undefined) Deno.env.delete("NO_PROXY");
    else Deno.env.set("NO_PROXY", given);
  }
}

/** Creates a client. Deno also reads the lists that its environment variables name. */
function createClient(caCerts: string[]): Deno.HttpClient {
  try {
    return Deno.createHttpClient({ caCerts });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HostError(`Cannot prepare TLS: ${reason}`, {
      code: "CERTIFICATES",
      hint: "check SSL_CERT_FILE, DENO_TLS_CA_STORE and DENO_CERT in the environment",
      cause,
    });
  }
}
