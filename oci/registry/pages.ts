/** Lists that come in pages. */
import type { Answer } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { tooSlow } from "./failure.ts";
import { nextLink } from "./link.ts";
import { protocolError } from "./status.ts";

/** A page is at most so large; the referrers API answers with an index, which is a manifest. */
const MAX_PAGE_BYTES = 4 * 1024 ** 2;
/** A thousand names a page make a million. */
const MAX_PAGES = 1000;
/** All pages together; a million names of tags take half of it. */
const MAX_LIST_BYTES = 64 * 1024 ** 2;

/**
 * The answers of a list, page after page.
 *
 * @throws {RegistryError} `PROTOCOL` when pages lead in circles or elsewhere; `TOO_LARGE` and `TOO_SLOW`
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
        `its pages have more than ${MAX_LIST_BYTES} bytes`,
      );
    }
    yield page;
    if (waitedMs > listMs) throw tooSlow(answer, `its pages took more than ${listMs / 1000} s`);
    const next = nextLink(answer.headers.get("link"), answer.url);
    if (next === undefined) return;
    if (seen.has(next.href) || seen.size === MAX_PAGES) {
      throw protocolError(answer, "its pages do not end");
    }
    seen.add(next.href);
    path = connection.ownAddress(next, answer);
  }
}
