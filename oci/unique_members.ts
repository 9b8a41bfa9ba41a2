/** Members that a JSON object has twice. */

/**
 * Returns the name of a member that an object of the document has more than once, if there is one: readers
 * differ in which of the two they take. Names that differ in case only are the same to Go's decoder, with
 * which most registries and tools read.
 *
 * @param text JSON that `JSON.parse` takes
 */
export function repeatedMember(text: string): string | undefined {
  const open: Set<string>[] = [];
  // By hand: on long texts this is ten times as fast as a regular expression.
  let start = 0, end = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      start = at;
      at = end = closingQuote(text, at);
    } else if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    else if (character === ":") {
      const name = JSON.parse(text.slice(start, end + 1)) as string;
      const folded = name.toUpperCase().toLowerCase();
      if (open.at(-1)?.has(folded)) return name;
      open.at(-1)?.add(folded);
    }
  }
  return undefined;
}

function closingQuote(text: string, opening: number): number {
  for (let at = opening + 1;; at++) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote;
  }
}
