/** Text of one field, as an expression that writes it to `b` from `p` on and gives the new position. */
import type { Format } from "../format.ts";
import { frameReader, isStack } from "../frames.ts";
import { deviceNumbers, errorName, fileMode, openFlags, signalName } from "../names/linux.ts";
import { syscallName } from "../names/syscalls.ts";
import type { Resolvers } from "../resolvers.ts";
import type { EnumType, Field, FieldType, IntType } from "../schema.ts";
import { ascii } from "../text/digits.ts";
import { jsonString, looksLikeText, TEXT_EXPANSION, visibleText } from "../text/strings.ts";
import { BOOT, MONOTONIC, type Times, WALL } from "../text/times.ts";
import { type Access, accessOf, bigEndian, place } from "./access.ts";
import type { Code } from "./code.ts";
import { MAX_MEMO_BYTES, Memo } from "./memo.ts";

/** Look of cells: for people, or exact. */
export type Style = "plain" | "json";

/** Surroundings of cells. */
export interface CellContext {
  readonly code: Code;
  readonly style: Style;
  readonly times: Times;
  readonly resolvers: Resolvers;
  /** True for digits where people would read units. */
  readonly exact: boolean;
  /** All fields of the record. */
  readonly all: readonly Field[];
  /** Expression of the process that addresses belong to; undefined without one. */
  readonly pid?: string | undefined;
  /** Returns the writer of a value in an array. */
  readonly element: (field: Field) => { write: CellWriter; max: number };
  /** Returns the writer of a struct in an array, always as JSON. */
  readonly object: (fields: readonly Field[]) => { write: CellWriter; max: number };
}

/** Writes one value of the record at `at` and returns the position after it. */
export type CellWriter = (
  b: Uint8Array,
  p: number,
  s: Uint8Array,
  v: DataView,
  at: number,
) => number;

/** Expression for one field. */
export interface Cell {
  readonly expr: string;
  /** Bytes that it writes at most. */
  readonly max: number;
}

/** Elements of arrays that are shown to people. */
const SHOWN_ELEMENTS = 8;
const DIGITS = 22;

/** Returns the expression of a field. */
export function cellOf(field: Field, context: CellContext): Cell {
  const { type } = field;
  if (isStack(field)) return stackCell(field, context);
  switch (type.kind) {
    case "int":
    case "enum":
      return intCell(field, type, context);
    case "float":
      return floatCell(field, type.bytes, context);
    case "bytes":
      return bytesCell(field, type, context);
    case "array":
      return arrayCell(field, type, context);
    case "record": {
      const { write, max } = context.object(type.fields);
      return { expr: `${context.code.constant(write)}(b,p,s,v,${place(field.offset)})`, max };
    }
  }
}

/** Longest text of a stack: 127 frames with names of C++. */
const MAX_STACK_CHARACTERS = 32_000;

/** Frames joined by semicolons, innermost first; an id without a stack is a number. */
function stackCell(field: Field, context: CellContext): Cell {
  const read = frameReader(field, context.all, context.resolvers);
  const json = context.style === "json";
  const plain = cellOf({ ...field, format: { name: "dec" } }, context);
  const encoder = new TextEncoder();
  const write = context.code.constant(
    (b: Uint8Array, p: number, v: DataView, at: number): number => {
      const frames = read(v, at);
      if (frames === undefined) return -1;
      const text = frames.map((frame) => frame.replaceAll(";", ":")).join(";")
        .slice(0, MAX_STACK_CHARACTERS);
      const bytes = encoder.encode(json ? jsonString(text) : visibleText(text));
      b.set(bytes, p);
      return p + bytes.length;
    },
  );
  const place = context.code.constant({ end: -1 });
  return {
    expr: `((${place}.end=${write}(b,p,v,at))<0?${plain.expr}:${place}.end)`,
    max: Math.max(plain.max, MAX_STACK_CHARACTERS * TEXT_EXPANSION + 2),
  };
}

/** Adds quotes in JSON. */
function quoted({ expr, max }: Cell, context: CellContext): Cell {
  if (context.style === "plain") return { expr, max };
  return { expr: `(b[p++]=34,p=${expr},b[p]=34,p+1)`, max: max + 2 };
}

function digits(access: Access, context: CellContext): Cell {
  switch (access.kind) {
    case "number":
      return { expr: `${access.signed ? "i32" : "u32"}(b,p,${access.expr})`, max: DIGITS };
    case "pair":
      return {
        expr: `${access.signed ? "i64" : "u64"}(b,p,${access.low},${access.high})`,
        max: DIGITS,
      };
    case "big": {
      const write = context.code.constant((b: Uint8Array, p: number, value: bigint) =>
        ascii(b, p, String(value))
      );
      return quoted({ expr: `${write}(b,p,${access.expr})`, max: 44 }, context);
    }
  }
}

/** Returns the value as a number, rounded above 2^53. */
function approximate(access: Access): string {
  if (access.kind === "number") return access.expr;
  if (access.kind === "big") return `Number(${access.expr})`;
  return `(${access.high}${access.signed ? "|0" : ""})*4294967296+${access.low}`;
}

/** Text of a value that `find` has a name for; digits if it has not. */
function named(
  access: Access,
  context: CellContext,
  find: (value: bigint) => string | undefined,
): Cell {
  const memo = new Memo((value) => {
    const name = find(value);
    if (name === undefined) return `${value}`;
    return context.style === "json" ? jsonString(name) : visibleText(name);
  });
  const k = context.code.constant(memo);
  if (access.kind === "number") {
    return { expr: `${k}.number(b,p,${access.expr})`, max: MAX_MEMO_BYTES };
  }
  if (access.kind === "pair") {
    const expr = `${k}.pair(b,p,${access.low},${access.high},${access.signed})`;
    return { expr, max: MAX_MEMO_BYTES };
  }
  return digits(access, context);
}

function intCell(field: Field, type: IntType | EnumType, context: CellContext): Cell {
  const { format } = field;
  const access = accessOf(field, type);
  const isBits = field.bitSize !== undefined;
  const people = context.style === "plain" && !context.exact;
  switch (format.name) {
    case "bool": {
      const isSet = access.kind === "pair"
        ? `(${access.low}|${access.high})!==0`
        : access.kind === "big"
        ? `${access.expr}!==0n`
        : `${access.expr}!==0`;
      const write = context.code.constant((b: Uint8Array, p: number, value: boolean) =>
        ascii(b, p, value ? "true" : "false")
      );
      return { expr: `${write}(b,p,${isSet})`, max: 5 };
    }
    case "hex":
      return quoted(hexCell(access, context), context);
    case "oct":
      return named(access, context, (value) => value < 0n ? undefined : `0${value.toString(8)}`);
    case "char":
      return named(
        access,
        context,
        (value) => value >= 32n && value < 127n ? String.fromCharCode(Number(value)) : undefined,
      );
    case "ns":
    case "us":
    case "ms":
    case "s": {
      if (!people) return digits(access, context);
      const unit = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[format.name];
      return { expr: `duration(b,p,${approximate(access)},${unit})`, max: 40 };
    }
    case "size":
    case "bytes":
      return people
        ? { expr: `size(b,p,${approximate(access)})`, max: 44 }
        : digits(access, context);
    case "time":
      return timeCell(access, format, context);
    case "ipv4":
    case "ipv6":
    case "ip":
    case "mac":
    case "str":
    case "be16":
    case "be32":
    case "be64":
      if (isBits) return digits(access, context);
      return bytesCell(field, { kind: "bytes", length: type.bytes, signed: false }, context);
    default:
      return namedInt(field, type, access, context);
  }
}

function namedInt(
  field: Field,
  type: IntType | EnumType,
  access: Access,
  context: CellContext,
): Cell {
  const { format } = field;
  const { resolvers } = context;
  switch (format.name) {
    case "enum":
    case "flags": {
      const names = format.argument === undefined
        ? type.kind === "enum" ? type.names : undefined
        : resolvers.enumNames?.(format.argument);
      if (format.name === "flags") {
        if (names !== undefined) return named(access, context, (value) => joinFlags(value, names));
        return named(access, context, (value) => openFlags(Number(BigInt.asUintN(32, value))));
      }
      if (names === undefined) return digits(access, context);
      const byValue = new Map<bigint, string>();
      for (const { name, value } of names) if (!byValue.has(value)) byValue.set(value, name);
      return named(access, context, (value) => byValue.get(value));
    }
    case "errno":
      return named(access, context, (value) => errorText(value, type.signed));
    case "signal":
      return named(
        access,
        context,
        (value) => value === 0n ? undefined : signalName(Number(value)) ?? `signal#${value}`,
      );
    case "syscall":
      return named(access, context, (value) => syscallName(Number(value)));
    case "uid":
    case "gid": {
      // JSON keeps the number: names differ between hosts.
      if (context.style === "json" || context.exact) return digits(access, context);
      const find = format.name === "uid" ? resolvers.user : resolvers.group;
      return named(
        access,
        context,
        (value) => find?.call(resolvers, Number(BigInt.asUintN(32, value))),
      );
    }
    case "mode":
      return named(access, context, (value) => fileMode(Number(BigInt.asUintN(32, value))));
    case "dev":
      return named(access, context, (value) => deviceNumbers(Number(BigInt.asUintN(32, value))));
    case "ksym":
      return named(
        access,
        context,
        (value) => symbolText(value, resolvers.kernelSymbol?.(address(value))),
      );
    case "usym":
      return perProcess(
        access,
        context,
        (value, pid) => symbolText(value, resolvers.userSymbol?.(address(value), pid)),
      );
    default:
      return digits(access, context);
  }
}

function address(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function symbolText(value: bigint, symbol: string | undefined): string {
  return symbol ?? `0x${address(value).toString(16)}`;
}

/** Names of set bits, joined by `|`; the rest as a number. */
function joinFlags(value: bigint, names: EnumType["names"]): string {
  const words: string[] = [];
  let rest = BigInt.asUintN(64, value);
  for (const { name, value: bits } of names) {
    const unsigned = BigInt.asUintN(64, bits);
    if (unsigned === 0n) {
      if (value === 0n) return name;
      continue;
    }
    if ((rest & unsigned) !== unsigned) continue;
    words.push(name);
    rest &= ~unsigned;
  }
  if (rest !== 0n || words.length === 0) words.push(rest === 0n ? "0" : `0x${rest.toString(16)}`);
  return words.join("|");
}

/** Errors are negative in results that are otherwise numbers, and positive in unsigned fields. */
function errorText(value: bigint, signed: boolean): string | undefined {
  if (value === 0n) return signed ? undefined : "";
  if (signed && value > 0n) return undefined;
  return errorName(Number(value < 0n ? -value : value));
}

/** Text that depends on the process in the record as well: not kept. */
function perProcess(
  access: Access,
  context: CellContext,
  find: (value: bigint, pid: number | undefined) => string | undefined,
): Cell {
  const write = context.code.constant(
    (b: Uint8Array, p: number, low: number, high: number, pid: number | undefined) => {
      const value = BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
      const text = find(value, pid) ?? `${value}`;
      const cut = text.length > 4000 ? text.slice(0, 4000) : text;
      const bytes = new TextEncoder().encode(
        context.style === "json" ? jsonString(cut) : visibleText(cut),
      );
      b.set(bytes, p);
      return p + bytes.length;
    },
  );
  if (access.kind === "big") return digits(access, context);
  const [low, high] = access.kind === "pair"
    ? [access.low, access.high]
    : [access.expr, access.signed ? `(${access.expr}<0?-1:0)` : "0"];
  const pid = context.pid ?? "undefined";
  return { expr: `${write}(b,p,${low},${high},${pid})`, max: 4000 * TEXT_EXPANSION + 2 };
}

function hexCell(access: Access, context: CellContext): Cell {
  if (access.kind === "pair") return { expr: `hex64(b,p,${access.low},${access.high})`, max: 18 };
  if (access.kind === "number") {
    // Of a negative number, the digits of its 32 bits.
    return { expr: `hex64(b,p,${access.expr}>>>0,0)`, max: 18 };
  }
  const write = context.code.constant((b: Uint8Array, p: number, value: bigint) =>
    ascii(b, p, `0x${BigInt.asUintN(128, value).toString(16)}`)
  );
  return { expr: `${write}(b,p,${access.expr})`, max: 34 };
}

function timeCell(access: Access, format: Format, context: CellContext): Cell {
  if (access.kind === "big" || (context.exact && context.style === "plain")) {
    return digits(access, context);
  }
  const [low, high] = access.kind === "pair"
    ? [access.low, access.high]
    : [`${access.expr}>>>0`, "0"];
  const times = context.code.constant(context.times);
  if (format.argument === "guess") {
    // A time that is only likely stays a number where programs read it.
    if (context.style === "json") return digits(access, context);
    return { expr: `${times}.guess(b,p,${low},${high})`, max: 24 };
  }
  const clock = format.argument === "boot" ? BOOT : format.argument === "wall" ? WALL : MONOTONIC;
  const call = context.style === "json" ? "json" : "plain";
  return { expr: `${times}.${call}(b,p,${low},${high},${clock})`, max: 48 };
}

function floatCell(field: Field, bytes: 4 | 8, context: CellContext): Cell {
  const { format } = field;
  const value = `v.getFloat${bytes * 8}(${place(field.offset)},true)`;
  const people = context.style === "plain" && !context.exact;
  if (people && /^(ns|us|ms|s)$/.test(format.name)) {
    const unit = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[format.name as "ns"];
    const write = context.code.constant(floatWriter(bytes, false));
    return {
      expr: `(Math.abs(${value})<1e15?duration(b,p,${value},${unit}):${write}(b,p,${value}))`,
      max: 48,
    };
  }
  const write = context.code.constant(floatWriter(bytes, context.style === "json"));
  return { expr: `${write}(b,p,${value})`, max: 34 };
}

function floatWriter(bytes: 4 | 8, json: boolean): (b: Uint8Array, p: number, n: number) => number {
  return (b, p, n) => {
    if (!Number.isFinite(n)) return ascii(b, p, json ? `"${n}"` : String(n));
    return ascii(b, p, bytes === 4 ? shortestFloat(n) : String(n === 0 ? 0 : n));
  };
}

/** Fewest digits that give the same 32-bit number. */
function shortestFloat(n: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const text = n.toPrecision(precision);
    if (Math.fround(Number(text)) === n) return String(Number(text) + 0);
  }
  return String(n);
}

function bytesCell(
  field: Field,
  type: Extract<FieldType, { kind: "bytes" }>,
  context: CellContext,
): Cell {
  const at = place(field.offset);
  const { length } = type;
  const json = context.style === "json";
  switch (field.format.name) {
    case "str":
      return {
        expr: `${json ? "jsonText" : "plainText"}(b,p,s,${at},${length})`,
        max: length * TEXT_EXPANSION + 2,
      };
    case "char": {
      const { write, max } = context.element({ ...field, offset: 0, format: { name: "list" } });
      const k = context.code.constant(looksLikeText);
      const list = `${context.code.constant(write)}(b,p,s,v,${at})`;
      const text = `${json ? "jsonText" : "plainText"}(b,p,s,${at},${length})`;
      return {
        expr: `(${k}(s,${at},${length})?${text}:${list})`,
        max: Math.max(max, length * TEXT_EXPANSION + 2),
      };
    }
    case "ipv4":
      if (length < 4) break;
      return quoted({ expr: `ipv4(b,p,s,${at})`, max: 15 }, context);
    case "ipv6":
      if (length < 16) break;
      return quoted({ expr: `ipv6(b,p,s,${at})`, max: 45 }, context);
    case "ip": {
      if (length < 4) break;
      if (length < 16) return quoted({ expr: `ipv4(b,p,s,${at})`, max: 15 }, context);
      const family = familyExpression(field.family);
      const expr = family === undefined
        ? `ipAny(b,p,s,${at})`
        : `ipByFamily(b,p,s,${at},${family})`;
      return quoted({ expr, max: 45 }, context);
    }
    case "mac":
      if (length < 6) break;
      return quoted({ expr: `mac(b,p,s,${at})`, max: 17 }, context);
    case "be16":
    case "be32":
    case "be64": {
      const bytes = { be16: 2, be32: 4, be64: 8 }[field.format.name] as 2 | 4 | 8;
      if (length < bytes) break;
      return digits(bigEndian(field.offset, bytes), context);
    }
    case "hex":
    case "bytes":
      return quoted({ expr: `hexBytes(b,p,s,${at},${length})`, max: length * 2 }, context);
    case "list":
      break;
    default:
      // Bytes that are declared as an array, and hold one integer.
      if (length === 1 || length === 2 || length === 4 || length === 8 || length === 16) {
        return intCell(field, { kind: "int", bytes: length, signed: false }, context);
      }
  }
  const element: FieldType = { kind: "int", bytes: 1, signed: type.signed };
  const array = { kind: "array", element, format: { name: "dec" }, stride: 1, length } as const;
  return arrayCell(field, array, context);
}

function familyExpression(family: Field["family"]): string | undefined {
  if (family === undefined) return undefined;
  const bytes = family.size as 1 | 2 | 4;
  const access = accessOf({ offset: family.offset }, { bytes, signed: false });
  return access.kind === "number" ? access.expr : undefined;
}

function arrayCell(
  field: Field,
  type: Extract<FieldType, { kind: "array" }>,
  context: CellContext,
): Cell {
  const format = field.format.name === "list" ? type.format : field.format;
  const { write, max } = context.element({
    name: field.name,
    path: field.path,
    offset: 0,
    size: type.stride,
    type: type.element,
    format,
  });
  const json = context.style === "json";
  const { length, stride } = type;
  const shown = json ? length : Math.min(length, SHOWN_ELEMENTS);
  const isStack = format.name === "ksym" || format.name === "usym";
  const writer: CellWriter = (b, p, s, v, at) => {
    if (json) b[p++] = 91;
    for (let i = 0; i < shown; i++) {
      // Unused slots of a stack are zero.
      if (
        isStack && v.getUint32(at + i * stride, true) === 0 && stride === 8 &&
        v.getUint32(at + i * stride + 4, true) === 0
      ) break;
      if (i > 0) b[p++] = 44;
      p = write(b, p, s, v, at + i * stride);
    }
    if (shown < length) {
      for (const byte of ELLIPSIS) b[p++] = byte;
    }
    if (json) b[p++] = 93;
    return p;
  };
  return {
    expr: `${context.code.constant(writer)}(b,p,s,v,${place(field.offset)})`,
    max: shown * (max + 1) + 8,
  };
}

const ELLIPSIS = new TextEncoder().encode(",…");
