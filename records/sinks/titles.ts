/** Titles of columns. */
import { type Column, isNumber } from "../compile/rows.ts";
import type { Field } from "../schema.ts";
import { visibleText } from "../text/strings.ts";

/** Returns the columns of fields: their titles are the shortest ends of names that differ. */
export function columnsOf(fields: readonly Field[]): Column[] {
  const tails = fields.map(({ path }) => path);
  const count = new Map<string, number>();
  const tail = (path: readonly string[], parts: number) =>
    path.slice(-parts).join(".").toUpperCase();
  for (const path of tails) {
    for (let parts = 1; parts <= path.length; parts++) {
      const text = tail(path, parts);
      count.set(text, (count.get(text) ?? 0) + 1);
    }
  }
  return fields.map((field) => {
    const { path } = field;
    let parts = 1;
    while (parts < path.length && (count.get(tail(path, parts)) ?? 0) > 1) parts++;
    const title = visibleText(tail(path, parts)) || "-";
    return { field, title: title.replaceAll(" ", "_"), right: isNumber(field) };
  });
}
