/** HTTP endpoint of the page: the page itself, and the feed for requests with its token. */
import { createHash, randomBytes } from "node:crypto";
import { readAsset } from "../../ffi/assets.ts";
import {
  isOwnOrigin,
  namesThisMachine,
  refusal,
  SAFE_HEADERS,
  type Served,
  Token,
  urlOf,
} from "../http/guards.ts";
import type { Handler } from "../http/connections.ts";
import { listen, readFiles } from "../http/listener.ts";
import { readProc } from "../processes.ts";
import type { WebSettings } from "../settings.ts";

/** The page with its policy. */
export interface PageFile {
  readonly html: string;
  /** Value of Content-Security-Policy: the hashes of its own script and style, and no other source. */
  readonly policy: string;
}

/** Reads the page that the binary carries. */
export function readPage(): PageFile {
  const html = new TextDecoder().decode(readAsset("page.html"));
  return { html, policy: policyOf(html) };
}

/** Returns the policy for a page's own script and style. */
export function policyOf(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}(?: type="module")?>([^]*?)</${tag}>`, "g"))]
      .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashes("script")}`,
    `style-src ${hashes("style")}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** Random bytes of the page's token. */
const TOKEN_BYTES = 32;

/**
 * Serves the page, with a token of its own.
 *
 * @returns the link to the page, with the token
 * @throws {HostError} for an address or files of TLS that cannot be used
 */
export function servePage(wanted: WebSettings, hub: PageEndpoint["hub"]): string {
  const { tls } = readFiles(wanted);
  const isTls = tls !== undefined;
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  let served: Served = { host: wanted.host, port: wanted.port, isTls };
  const handler = pageHandler({
    page: readPage(),
    hub,
    token: new Token(token),
    address: () => served,
  });
  served = { ...listen(served, tls, handler), isTls };
  // A fragment is never sent, so it is in no log of a server or proxy.
  const path = `/#${token}`;
  // Every address of this machine: browsers open its name.
  if (!/^(0\.0\.0\.0|::)$/.test(served.host)) return urlOf(served, { isTls, path });
  return urlOf({ host: ownName(), port: served.port }, { isTls, path });
}

/** Returns the name of this machine. */
function ownName(): string {
  const name = readProc("/proc/sys/kernel/hostname")?.trim() ?? "";
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name) ? name : "localhost";
}

/** Parts of the endpoint. */
export interface PageEndpoint {
  readonly page: PageFile;
  /** Returns the feed of one page, or undefined when too many are open. */
  readonly hub: { subscribe(): ReadableStream<Uint8Array> | undefined };
  readonly token: Token;
  /** Returns the address once it is known. */
  address(): Served;
}

/** Returns the handler of the page. */
export function pageHandler({ page, hub, token, address }: PageEndpoint): Handler {
  return (request, stay) => {
    const served = address();
    if (!namesThisMachine(request, served)) {
      return refusal(421, "open the link as it was printed");
    }
    const { pathname } = new URL(request.url);
    const isFeed = pathname === "/feed";
    if (!isFeed && pathname !== "/") return refusal(404, "not found");
    if (request.method !== "GET") return refusal(405, "method not allowed", { allow: "GET" });
    if (!isFeed) {
      const headers = {
        ...SAFE_HEADERS,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": page.policy,
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
      };
      return new Response(page.html, { headers });
    }
    if (!isOwnOrigin(request, served)) return refusal(403, "forbidden");
    if (!token.isIn(request)) return refusal(401, "unauthorized", { "www-authenticate": "Bearer" });
    const feed = hub.subscribe();
    if (feed === undefined) return refusal(503, "too many pages are open");
    stay();
    const headers = { ...SAFE_HEADERS, "content-type": "application/x-ndjson; charset=utf-8" };
    return new Response(feed, { headers });
  };
}
