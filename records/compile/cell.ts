/** Text of one field, as an expression that writes it to `b` from `p` on and gives the new position. */
import type { Format } from "../format.ts";
import { frameReader, isStack } from "../frames.ts";
import { argsCell, besideExpression, endpointCell } from "./text_cell.ts";
import type { EnumType, Field, FieldType, IntType } from "../schema.ts";
import { ascii } from "../text/digits.ts";
import { jsonString, looksLikeText, TEXT_EXPANSION, visibleText } from "../text/strings.ts";
import { accessOf, bigEndian, place } from "./access.ts";
import { approximate, type Cell, type CellContext, digits, named, quoted } from "./cell_base.ts";
import { arrayCell } from "./array_cell.ts";
import { floatCell, hexCell, timeCell } from "./number_cell.ts";
import { namedInt } from "./named_cell.ts";

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

/** Bytes that formats need at least; a value with fewer is a number. */
const FEWEST_BYTES: Readonly<Record<string, number>> = {
  ...{ ipv4: 4, ip: 4, ipv6: 16, endpoint: 16, mac: 6, be16: 2, be32: 4, be64: 8 },
};

function fits({ name }: Format, bytes: number): boolean {
  return bytes >= (Object.hasOwn(FEWEST_BYTES, name) ? FEWEST_BYTES[name] ?? 1 : 1);
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
    case "addr":
      return people && access.kind === "pair"
        ? namedInt(field, type, access, context)
        : quoted(hexCell(access, context), context);
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
      if (isBits || !fits(format, type.bytes)) return digits(access, context);
      return bytesCell(field, { kind: "bytes", length: type.bytes, signed: false }, context);
    default:
      return namedInt(field, type, access, context);
  }
}

/** Returns a field as its own bytes start. */
function withoutOffset(field: Field): Field {
  const { offset, used } = field;
  return { ...field, offset: 0, ...(used && { used: { ...used, offset: used.offset - offset } }) };
}

function bytesCell(
  field: Field,
  type: Extract<FieldType, { kind: "bytes" }>,
  context: CellContext,
): Cell {
  const at = place(field.offset);
  const { length } = type;
  const used = field.isFlexible === true ? besideExpression(field.used) : undefined;
  const there = used === undefined ? `${length}` : `Math.min(${length},${used})`;
  const json = context.style === "json";
  switch (field.format.name) {
    case "str":
      return {
        expr: `${json ? "jsonText" : "plainText"}(b,p,s,${at},${there})`,
        max: length * TEXT_EXPANSION + 2,
      };
    case "args":
      return argsCell(field, length, context);
    case "endpoint":
      if (length < 16) break;
      return endpointCell(field, context);
    case "char": {
      const { write, max } = context.element({
        ...withoutOffset(field),
        format: { name: "list" },
      });
      const k = context.code.constant(looksLikeText);
      const list = `${context.code.constant(write)}(b,p,s,v,${at})`;
      const text = `${json ? "jsonText" : "plainText"}(b,p,s,${at},${there})`;
      return {
        expr: `(${k}(s,${at},${there})?${text}:${list})`,
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
      const family = besideExpression(field.family);
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
    case "addr":
    case "bytes":
      return quoted({ expr: `hexBytes(b,p,s,${at},${there})`, max: length * 2 }, context);
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
  // An element alone is too short for what the whole array is too short for.
  return arrayCell(
    fits(field.format, 1) ? field : { ...field, format: array.format },
    array,
    context,
  );
}
