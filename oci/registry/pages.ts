/** Paginated lists, and the `Link` header (RFC 8288) that leads to the next page. */
import type { Answer } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { tooSlow } from "./failure.ts";
import { protocolError } from "./status.ts";

/** Maximum size of a page; that of a manifest, since referrers are an index. */
const MAX_PAGE_BYTES = 4 * 1024 ** 2;
/** Maximum number of pages; with 1000 names each, a million names. */
const MAX_PAGES = 1000;
/** Maximum size of all pages; a million tags take half of it. */
const MAX_LIST_BYTES = 64 * 1024 ** 2;

/**
 * Returns the responses of a list, page by page.
 *
 * @throws {RegistryError} `PROTOCOL` for endless pages or pages on other hosts; `TOO_LARGE` and `TOO_SLOW`
 *   for all of them together
 */
export async function* pages(
  connection: Connection,
  request: ApiRequest,
): AsyncGenerator<{ answer: Answer; bytes: Uint8Array<ArrayBuffer> }> {
  const seen = new Set<string>();
  const { listMs } = connection.timing;
  let path = request.path;
  let bytes = 0;
  let waitedMs = 0;
  for (;;) {
    const start = performance.now();
    const page = await connection.read({ ...request, path }, MAX_PAGE_BYTES);
    waitedMs += performance.now() - start;
    bytes += page.bytes.length;
    const { answer } = page;
    if (bytes > MAX_LIST_BYTES) {
      throw connection.broken(
        answer,
        "TOO_LARGE",
        `its pages are larger than ${MAX_LIST_BYTES} bytes`,
      );
    }
    yield page;
    if (waitedMs > listMs) throw tooSlow(answer, `its pages took more than ${listMs / 1000} s`);
    const next = nextLink(answer.headers.get("link"), answer.url);
    if (next === undefined) return;
    if (seen.has(next.href) || seen.size === MAX_PAGES) {
      throw protocolError(answer, "too many pages");
    }
    seen.add(next.href);
    path = connection.ownAddress(next, answer);
  }
}

const MAX_HEADER = 16 * 1024;

/** Returns the target of the first link with `rel="next"`, relative to `base`; undefined without one. */
export function nextLink(header: string | null, base: URL): URL | undefined {
  const text = (header ?? "").slice(0, MAX_HEADER);
  for (const [, target, parameters] of text.matchAll(/<([^<>]*)>((?:[^<>"]|"[^"]*")*)/g)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(parameters ?? "");
    const names = (relation?.[1] ?? relation?.[2] ?? "").toLowerCase().split(/\s+/);
    if (names.includes("next")) return URL.parse(target ?? "", base) ?? undefined;
  }
  return undefined;
}
