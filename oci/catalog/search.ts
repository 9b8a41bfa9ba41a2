/** Ranks tools by the words of a search. */

/** Parts of a tool that a search looks at. */
export interface Searchable {
  /** Name. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Further words. */
  readonly keywords: readonly string[];
}

/** Longest search; the rest of it is ignored, and so are further words. */
const MAX_WORDS = 16;

/**
 * Returns the tools that have every word, the best first: names before keywords before summaries, whole
 * words before parts; equal ones by name.
 *
 * @param query words, separated by spaces; an empty one matches every tool
 */
export function searchTools<T extends Searchable>(tools: readonly T[], query: string): T[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "").slice(0, MAX_WORDS);
  return tools
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score !== undefined)
    .sort((a, b) =>
      (b.score ?? 0) - (a.score ?? 0) ||
      (a.tool.name < b.tool.name ? -1 : Number(a.tool.name > b.tool.name))
    )
    .map(({ tool }) => tool);
}

/** Returns undefined when a word is nowhere in the tool. */
function scoreOf(tool: Searchable, words: readonly string[]): number | undefined {
  let total = 0;
  for (const word of words) {
    const score = wordScore(tool, word);
    if (score === 0) return undefined;
    total += score;
  }
  return total;
}

function wordScore({ name, summary, keywords }: Searchable, word: string): number {
  const text = summary.toLowerCase();
  return Math.max(
    name === word ? 100 : name.startsWith(word) ? 70 : name.includes(word) ? 50 : 0,
    keywords.includes(word) ? 40 : keywords.some((one) => one.startsWith(word)) ? 25 : 0,
    text.split(/[^\p{L}\p{N}]+/u).includes(word) ? 30 : text.includes(word) ? 10 : 0,
  );
}
