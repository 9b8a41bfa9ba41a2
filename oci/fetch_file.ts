/** Fetches a file from an HTTP address: what is not a registry's. */
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

/** How a file is fetched. */
export interface FetchOptions extends CallOptions {
  /** Called with each address before it is requested, those of redirects included; throws to refuse it. */
  admit?: ((url: URL) => void) | undefined;
  /** At most so many bytes. */
  limit: number;
  /** A PEM file of certificate authorities to trust beside the machine's. */
  caFile?: string | undefined;
  /** Follow redirects to addresses without TLS, too; an address that is one itself is asked for. */
  plainHttp?: boolean | undefined;
  /** Called with the size, when the server says it, and as bytes come. */
  onProgress?: ((bytes: number, size: number | undefined) => void) | undefined;
  /** How patient to be; tests are less so. */
  timing?: Partial<Timing> | undefined;
  /** Told before it is tried again. */
  onRetry?: ((notice: RetryNotice) => void) | undefined;
}

const MAX_REDIRECTS = 10;
const READ_BYTES = 2 ** 16;

/**
 * The bytes at an `http:` or `https:` address, through redirects, but never from TLS to none. What may
 * pass is tried again. No credentials are sent.
 *
 * @throws {RegistryError} as of a registry
 */
export async function fetchFile(
  url: URL,
  options: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^https?:$/.test(url.protocol) || url.username + url.password !== "") {
    throw new HostError(`Cannot fetch ${withoutSecrets(url)}: it is no such address`, {
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
      // What it says of registries and logging in does not apply.
      throw new RegistryError(message, { code, method, url: from, status });
    }
    const next = nextAddress(answer.headers.get("location"), from, policy);
    await answer.discard();
    if (typeof next === "string" || count === MAX_REDIRECTS) {
      const reason = typeof next === "string" ? next : "it leads on and on";
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
