/** Parses `Link` (RFC 8288), which registries use for pages. */

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
