/** Tables in pages, between comments: `<!-- NAME -->` and `<!-- end NAME -->`. */

/**
 * Returns a page with a table in its place.
 *
 * @throws {Error} if the page has no such place
 */
export function pageWithin(page: string, name: string, table: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot find the place of the table "${name}"`);
  return `${page.slice(0, from)}${start}\n\n${table}\n\n${page.slice(to)}`;
}
