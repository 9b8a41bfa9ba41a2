/** Lists that come in pages. */
import type { Answer } from "./answer.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { nextLink } from "./link.ts";
import { protocolError } from "./status.ts";

/** A page is at most so large; the referrers API answers with an index, which is a manifest. */
const MAX_PAGE_BYTES = 4 * 1024 ** 2;
/** A thousand names a page make ten million. */
const MAX_PAGES = 10_000;

/**
 * The answers of a list, page after page.
 *
 * @throws {RegistryError} `PROTOCOL` when pages lead in circles or elsewhere
 */
export async function* pages(
  connection: Connection,
  request: ApiRequest,
): AsyncGenerator<{ answer: Answer; bytes: Uint8Array<ArrayBuffer> }> {
  const seen = new Set<string>();
  let path = request.path;
  for (;;) {
    const page = await connection.read({ ...request, path }, MAX_PAGE_BYTES);
    yield page;
    const { answer } = page;
    const next = nextLink(answer.headers.get("link"), answer.url);
    if (next === undefined) return;
    if (seen.has(next.href) || seen.size === MAX_PAGES) {
      throw protocolError(answer, "its pages do not end");
    }
    seen.add(next.href);
    path = connection.ownAddress(next, answer);
  }
}
