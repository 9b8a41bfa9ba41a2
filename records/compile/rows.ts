/** Functions that write records as text, generated once for a schema. */
import type { Resolvers } from "../resolvers.ts";
import { RecordsError } from "../errors.ts";
import type { Field } from "../schema.ts";
import { jsonString } from "../text/strings.ts";
import type { Times } from "../text/times.ts";
import { writtenWidth } from "../text/widths.ts";
import { accessOf } from "./access.ts";
import { type Cell, type CellContext, type CellWriter, type Style } from "./cell_base.ts";
import { cellOf } from "./cell.ts";
import { Code, storeBytes } from "./code.ts";
import { processOf } from "../frames.ts";

/** Settings of texts that all rows of an output share. */
export interface TextOptions {
  readonly times: Times;
  readonly resolvers: Resolvers;
  /** True for digits where people would read units. */
  readonly exact: boolean;
}

/** Writer of whole records. */
export interface RowWriter {
  readonly write: CellWriter;
  /** Bytes that it writes at most. */
  readonly max: number;
}

/** Bytes that a row may take: a schema of that many is refused. */
const MAX_ROW_BYTES = 64 << 20;

/** Returns the surroundings of cells of one piece of code. */
function contextOf(
  code: Code,
  style: Style,
  fields: readonly Field[],
  options: TextOptions,
): CellContext {
  const process = processOf(fields);
  const access = process && process.type.kind === "int"
    ? accessOf(process, process.type)
    : undefined;
  return {
    code,
    style,
    all: fields,
    ...options,
    pid: access?.kind === "number" ? access.expr : undefined,
    element: (field) => {
      const inner = new Code();
      const cell = cellOf(field, contextOf(inner, style, [], options));
      return { write: inner.make<CellWriter>(asFunction(cell)), max: cell.max };
    },
    object: (members) => jsonRow(members, options),
  };
}

function asFunction({ expr }: Cell): string {
  return `function cell(b,p,s,v,at){return ${expr};}`;
}

/** Returns a writer for each field, for tables that align what they write. */
export function cellWriters(
  fields: readonly Field[],
  all: readonly Field[],
  options: TextOptions,
): RowWriter[] {
  return fields.map((field) => {
    const code = new Code();
    const cell = cellOf(field, contextOf(code, "plain", all, options));
    checkSize(cell.max);
    return { write: code.make<CellWriter>(asFunction(cell)), max: cell.max };
  });
}

function checkSize(max: number): void {
  if (max <= MAX_ROW_BYTES) return;
  throw new RecordsError(`Cannot show records: a row could take ${max} bytes`, {
    code: "BAD_SCHEMA",
    hint: "choose fields with --fields",
  });
}

/** Group of members in JSON: nested structs, in the order of their first members. */
interface Group {
  readonly members: Map<string, Group | Field>;
}

/** Parts of a JSON row in addition to its fields. */
export interface JsonParts {
  /** Name of the source, written as the first member. */
  readonly source?: string | undefined;
  /** True to write the time of the batch as a member. */
  readonly time?: boolean;
  /** All fields of the record, shown or not; default: the shown ones. */
  readonly all?: readonly Field[];
}

/** Returns the name of a member that is added: `_source` where the record has a `source` itself. */
export function addedName(name: string, fields: readonly Field[]): string {
  const isTaken = fields.some(({ path }) => path[0] === name);
  return isTaken ? addedName(`_${name}`, fields) : name;
}

/** Returns a writer of records as JSON objects without a line feed. */
export function jsonRow(
  fields: readonly Field[],
  options: TextOptions,
  parts: JsonParts = {},
): RowWriter {
  const code = new Code();
  const context = contextOf(code, "json", parts.all ?? fields, options);
  const encoder = new TextEncoder();
  let statements = "";
  let pending = "{";
  let max = 2;
  const flush = () => {
    const bytes = encoder.encode(pending);
    statements += storeBytes(code, bytes);
    max += bytes.length;
    pending = "";
  };
  let comma = "";
  if (parts.source !== undefined) {
    pending += `"${addedName("source", fields)}":${jsonString(parts.source)}`;
    comma = ",";
  }
  if (parts.time) {
    pending += `${comma}"${addedName("time", fields)}":`;
    flush();
    statements += `p=${code.constant(options.times)}.nowJson(b,p);`;
    max += 48;
    comma = ",";
  }
  const emit = (group: Group) => {
    for (const [name, member] of group.members) {
      pending += `${comma}${jsonString(name)}:`;
      if ("members" in member) {
        pending += "{";
        comma = "";
        emit(member);
        pending += "}";
      } else {
        flush();
        const cell = cellOf(member, context);
        statements += `p=${cell.expr};`;
        max += cell.max;
      }
      comma = ",";
    }
  };
  emit(groupsOf(fields));
  pending += "}";
  flush();
  checkSize(max);
  const write = code.make<CellWriter>(`function row(b,p,s,v,at){${statements}return p;}`);
  return { write, max };
}

function groupsOf(fields: readonly Field[]): Group {
  const root: Group = { members: new Map() };
  for (const field of fields) {
    let group = root;
    for (const name of field.path.slice(0, -1)) {
      const next = group.members.get(name);
      if (next !== undefined && "members" in next) group = next;
      else if (next === undefined) {
        const made: Group = { members: new Map() };
        group.members.set(name, made);
        group = made;
      }
    }
    const last = field.path[field.path.length - 1] ?? field.name;
    // A name that is taken: hostile BTF alone.
    group.members.set(group.members.has(last) ? field.name : last, field);
  }
  return root;
}

/** Column of a table. */
export interface Column {
  readonly field: Field;
  readonly title: string;
  readonly right: boolean;
}

/**
 * Returns a writer of aligned rows with a line feed. A cell that is too wide moves the next ones, as few
 * as possible.
 *
 * @param widths of the columns, in cells of a terminal
 * @param time width of a column with the time of the batch; 0 for none
 */
export function alignedRow(
  columns: readonly Column[],
  widths: readonly number[],
  all: readonly Field[],
  options: TextOptions & { time: boolean },
): RowWriter {
  const code = new Code();
  const context = contextOf(code, "plain", all, options);
  let statements = "let q=0,x=p;";
  let max = 2;
  let end = 0;
  if (options.time) {
    statements += `p=${code.constant(options.times)}.nowPlain(b,p);b[p++]=32;`;
    end = 9;
    max += 9;
  }
  const last = columns.length - 1;
  columns.forEach(({ field, right }, i) => {
    const cell = cellOf(field, context);
    const width = widths[i] ?? 0;
    statements += `q=p;p=${cell.expr};`;
    // Bytes beyond cells move the base that columns count from.
    if (!isAsciiOnly(field)) statements += `x+=p-q-${code.constant(writtenWidth)}(b,q,p);`;
    end += width;
    if (right) statements += `if(p<x+${end})p=${code.constant(moveRight)}(b,q,p,x+${end}-p);`;
    end += 1;
    if (i < last) statements += right ? "b[p++]=32;" : `b[p++]=32;while(p<x+${end})b[p++]=32;`;
    max += cell.max + width + 1;
  });
  statements += "b[p++]=10;return p;";
  checkSize(max);
  return { write: code.make<CellWriter>(`function row(b,p,s,v,at){${statements}}`), max };
}

/** Moves what was written from `start` to `p` right by `count` cells, with blanks before it. */
function moveRight(b: Uint8Array, start: number, p: number, count: number): number {
  for (let i = p - 1; i >= start; i--) b[i + count] = b[i] ?? 0;
  for (let i = start; i < start + count; i++) b[i] = 32;
  return p + count;
}

/** Formats that write nothing but ASCII. */
const ASCII_FORMATS =
  /^(dec|hex|oct|bool|time|ipv4|ipv6|ip|mac|be16|be32|be64|size|dev|inode|mode)$/;

function isAsciiOnly({ type, format }: Field): boolean {
  if (type.kind === "array" || type.kind === "record") return false;
  return ASCII_FORMATS.test(format.name);
}

/** Formats of numbers that are compared by their digits. */
const NUMBERS = /^(dec|ns|us|ms|s|size|be16|be32|be64|inode|oct)$/;

/** Reports whether a field is shown at the right of its column. */
export function isNumber({ type, format }: Field): boolean {
  if (type.kind !== "int" && type.kind !== "float" && type.kind !== "bytes") return false;
  return NUMBERS.test(format.name) || (format.name === "bytes" && type.kind === "int");
}
