/** Fetches a file from an HTTP address that is not part of a registry. */
import { Collector } from "./collector.ts";
import type { CallOptions } from "./content.ts";
import { Deadline } from "./deadline.ts";
import { HostError, RegistryError, withoutSecrets } from "./errors.ts";
import { nextAddress } from "./registry/address.ts";
import type { Answer } from "./registry/answer.ts";
import { opening } from "./registry/failure.ts";
import type { Timing } from "./registry/retry.ts";
import { retrying, type RetryNotice } from "./registry/retrying.ts";
import { statusError } from "./registry/status.ts";
import { Transport } from "./registry/transport.ts";

/** Options of {@linkcode fetchFile}. */
export interface FetchOptions extends CallOptions {
  /** Called with each address, including redirects, before it is requested; throws to refuse it. */
  admit?: ((url: URL) => void) | undefined;
  /** Maximum size in bytes. */
  limit: number;
  /** PEM file of certificate authorities to trust in addition to those of the machine. */
  caFile?: string | undefined;
  /** Allow redirects to addresses without TLS. An `http:` address itself needs no permission. */
  plainHttp?: boolean | undefined;
  /** Called with the bytes received so far, and the size if the server sends it. */
  onProgress?: ((bytes: number, size: number | undefined) => void) | undefined;
  /** Timeouts; tests use shorter ones. */
  timing?: Partial<Timing> | undefined;
  /** Called before each retry. */
  onRetry?: ((notice: RetryNotice) => void) | undefined;
}

const MAX_REDIRECTS = 10;
const READ_BYTES = 2 ** 16;

/**
 * Fetches the bytes at an `http:` or `https:` address. Redirects are followed, but never from TLS to
 * plain HTTP. Transient failures are retried. No credentials are sent.
 *
 * @throws {RegistryError} as for a registry
 */
export async function fetchFile(
  url: URL,
  options: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^https?:$/.test(url.protocol) || url.username + url.password !== "") {
    throw new HostError(`Cannot fetch ${withoutSecrets(url)}: not an HTTP address`, {
      code: "BAD_ADDRESS",
      hint: "write it like https://example.org/tool.wasm, without a user name in it",
    });
  }
  const { signal, onRetry, caFile } = options;
  using transport = new Transport({ caFile, timing: options.timing });
  const { timing } = transport;
  return await retrying({ timing, signal, onRetry }, async () => {
    const what = `fetch ${withoutSecrets(url)}`;
    using deadline = new Deadline({ what, ms: timing.requestMs, signal });
    const answer = await request(transport, url, { ...options, signal: deadline.signal });
    deadline.stop();
    return await receive(answer, options);
  });
}

async function request(transport: Transport, url: URL, options: FetchOptions): Promise<Answer> {
  const policy = { plainHttp: options.plainHttp === true || url.protocol === "http:" };
  const what = `fetch ${withoutSecrets(url)}`;
  for (let from = url, count = 0;; count++) {
    options.admit?.(from);
    const answer = await transport.send({ what, method: "GET", url: from, signal: options.signal });
    if (answer.status === 200) return answer;
    if (![301, 302, 303, 307, 308].includes(answer.status)) {
      const { message, code, method, status } = await statusError(answer, url.host);
      // The hints about registries and logging in do not apply.
      throw new RegistryError(message, { code, method, url: from, status });
    }
    const next = nextAddress(answer.headers.get("location"), from, policy);
    await answer.discard();
    if (typeof next === "string" || count === MAX_REDIRECTS) {
      const reason = typeof next === "string" ? next : "too many redirects";
      throw new RegistryError(opening(answer) + reason, {
        code: "PROTOCOL",
        method: "GET",
        url: from,
        status: answer.status,
      });
    }
    from = next;
  }
}

async function receive(answer: Answer, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { length, method, url, status } = answer;
  const { limit, onProgress } = options;
  const fail = (code: string, reason: string) =>
    new RegistryError(opening(answer) + reason, { code, method, url, status });
  const reader = answer.reader();
  const collector = new Collector();
  let buffer = new ArrayBuffer(READ_BYTES);
  try {
    while (collector.size <= limit) {
      const chunk = await reader.read(new Uint8Array(buffer));
      if (chunk === undefined) {
        const { size } = collector;
        if (length === undefined || size === length) return collector.bytes();
        throw fail("CUT", `it ended after ${size} of ${length} bytes`);
      }
      collector.add(chunk);
      buffer = chunk.buffer;
      onProgress?.(collector.size, length);
    }
  } catch (error) {
    await reader.cancel();
    throw error;
  }
  await reader.cancel();
  throw fail("TOO_LARGE", `it has more than ${limit} bytes`);
}
