/** Names that a mistyped word may mean, for hints. Imports nothing: every folder uses it. */

/** Characters that are compared: the work grows with the product of the lengths. */
const MAX_COMPARED = 64;
/** Names that are compared; hostile objects have more. */
const MAX_NAMES = 4096;

/** Returns the closest name, if at most two letters and at most half of them differ. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const wanted = word.slice(0, MAX_COMPARED).toLowerCase();
  let best: string | undefined;
  let lowest = Math.min(2, Math.floor(wanted.length / 2)) + 1;
  for (const name of names.slice(0, MAX_NAMES)) {
    const cost = editDistance(wanted, name.slice(0, MAX_COMPARED).toLowerCase());
    const isCloser = cost === lowest && best !== undefined &&
      Math.abs(name.length - word.length) < Math.abs(best.length - word.length);
    // Of equally close names, letters in the wrong order are likelier than missing ones.
    if (cost < lowest || isCloser) [best, lowest] = [name, cost];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
