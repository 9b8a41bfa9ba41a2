/** Reader of clang's `-fdump-record-layouts`. */

/** Sizes and places, of one record. */
export interface Layout {
  readonly bytes: number;
  /** By path from the record, such as `a.b`: `16`, or `16:3-7` for bits 3 to 7 of byte 16. */
  readonly places: ReadonlyMap<string, string>;
}

const ENTRY = /^\s*(\d+)(?::(?:(\d+)-(\d+)|-))? \|( +)(.*)$/;

/** The records of a dump, by clang's names, such as `struct event`; those without a name are left out. */
export function readLayouts(dump: string): Map<string, Layout> {
  const layouts = new Map<string, Layout>();
  for (const block of dump.split("*** Dumping AST Record Layout").slice(1)) {
    const [head = "", ...lines] = block.split("\n").filter((line) => line.includes("|"));
    const name = ENTRY.exec(head)?.[5]?.trim() ?? "";
    const bytes = /\[sizeof=(\d+)/.exec(block)?.[1];
    if (bytes === undefined || /\((?:anonymous|unnamed)/.test(name)) continue;
    layouts.set(name, { bytes: Number(bytes), places: readPlaces(lines) });
  }
  return layouts;
}

/** Leaves padding out: bit-fields without a name, and members that a tool has put in. */
function readPlaces(lines: readonly string[]): Map<string, string> {
  const places = new Map<string, string>();
  const stack: { depth: number; path: string }[] = [];
  for (const line of lines) {
    const [, byte, first, last, indent = "", text = ""] = ENTRY.exec(line) ?? [];
    if (byte === undefined) continue;
    const depth = indent.length;
    while ((stack.at(-1)?.depth ?? -1) >= depth) stack.pop();
    const name = text.slice(text.lastIndexOf(" ") + 1).replace(/(?<=.)_$/, "");
    const parent = stack.at(-1)?.path ?? "";
    const path = name === "" ? parent : `${parent}${parent === "" ? "" : "."}${name}`;
    stack.push({ depth, path });
    if (name === "" || name.startsWith("_pad_") || path.includes("._pad_")) continue;
    // Clang counts a bit-field's bits from the byte, or from the unit: from the beginning, then.
    const bits = first === undefined
      ? ""
      : `bits ${Number(byte) * 8 + Number(first)}-${Number(byte) * 8 + Number(last)}`;
    places.set(path, bits === "" ? byte : bits);
  }
  return places;
}
