/** Members that a JSON object has twice. */

/** Texts, and what gives a document its structure; the rest are numbers, words and white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The name of a member that an object of the document has more than once, if there is one: readers
 * differ in which of the two they take.
 *
 * @param text JSON that `JSON.parse` takes
 */
export function repeatedMember(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") last = token;
    else {
      const name = JSON.parse(last) as string;
      if (open.at(-1)?.has(name)) return name;
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}
