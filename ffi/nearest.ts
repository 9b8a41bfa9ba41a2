/** Names that a mistyped word may mean, for hints. Imports nothing: every folder uses it. */

/** Characters that are compared: the work grows with the product of the lengths. */
const MAX_COMPARED = 64;
/** Names that are compared; hostile objects have more. */
const MAX_NAMES = 4096;
/** Weight of a letter that differs, above all that decides between equally close names. */
const WEIGHT = 8;

/**
 * Returns the closest name, if at most two letters and at most half of them differ. Of equally close
 * names: one with the same first letter, which is rarely mistyped; then one of equal length, since
 * letters in the wrong order are likelier than missing ones.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const wanted = word.slice(0, MAX_COMPARED).toLowerCase();
  let best: string | undefined;
  let lowest = (Math.min(2, Math.floor(wanted.length / 2)) + 1) * WEIGHT;
  for (const name of names.slice(0, MAX_NAMES)) {
    const compared = name.slice(0, MAX_COMPARED).toLowerCase();
    const start = compared[0] === wanted[0] ? 0 : WEIGHT / 2;
    const lengths = Math.min(Math.abs(name.length - word.length), WEIGHT / 2 - 1);
    const cost = editDistance(wanted, compared) * WEIGHT + start + lengths;
    if (cost < lowest) [best, lowest] = [name, cost];
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
