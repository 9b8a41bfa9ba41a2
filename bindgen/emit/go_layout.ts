/** Division of Go's structs into fields, formatted as gofmt does. */
import { byteOffset, type Leaf } from "../leaves.ts";

/** Consecutive bytes of a struct: one member as Go has it, or raw bytes for several. */
export interface Cluster {
  readonly start: number;
  readonly end: number;
  readonly leaves: readonly Leaf[];
}

/** A field's line. */
export interface Row {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

/** Lines as gofmt has them: types below types, and comments below those of the lines around. */
export function aligned(rows: readonly Row[]): string[] {
  const width = rows.reduce((most, { name }) => Math.max(most, name.length), 0);
  const blockWidth = (from: number): number => {
    let most = 0;
    for (const { type, comment } of rows.slice(from)) {
      if (comment === "") break;
      most = Math.max(most, type.length);
    }
    return most;
  };
  let block = 0;
  return rows.map(({ name, type, comment }, i) => {
    const start = `\t${name.padEnd(width)} `;
    if (comment === "") return start + type;
    if (i === 0 || rows[i - 1]?.comment === "") block = blockWidth(i);
    return `${start}${type.padEnd(block)} // ${comment}`;
  });
}

/** Members that share bytes, together; those without bytes are in none. */
export function clustersOf(leaves: readonly Leaf[]): Cluster[] {
  const placed = leaves.filter((leaf) => leaf.bits > 0 || leaf.bytes > 0)
    .map((leaf) => ({ leaf, start: byteOffset(leaf), end: endOf(leaf) }))
    .sort((a, b) => a.start - b.start);
  const clusters: { start: number; end: number; leaves: Leaf[] }[] = [];
  for (const { leaf, start, end } of placed) {
    const last = clusters.at(-1);
    if (last !== undefined && start < last.end) {
      last.leaves.push(leaf);
      last.end = Math.max(last.end, end);
    } else {
      clusters.push({ start, end, leaves: [leaf] });
    }
  }
  return clusters;
}

function endOf(leaf: Leaf): number {
  return Math.ceil((leaf.bitOffset + (leaf.bits || leaf.bytes * 8)) / 8);
}

/** The largest alignment that a size allows. */
export function sizeCap(bytes: number): number {
  let cap = 8;
  while (bytes % cap !== 0) cap /= 2;
  return cap;
}
