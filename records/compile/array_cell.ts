/** Cells of arrays. */
import type { Field, FieldType } from "../schema.ts";
import { place } from "./access.ts";
import type { Cell, CellContext, CellWriter } from "./cell_base.ts";

/** Elements of arrays that are shown to people. */
const SHOWN_ELEMENTS = 8;

export function arrayCell(
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
  const most = json ? length : Math.min(length, SHOWN_ELEMENTS);
  const counted = field.isFlexible === true ? field.used : undefined;
  const beside = counted === undefined ? undefined : counted.offset - field.offset;
  const isStack = stride === 8 && (format.name === "ksym" || format.name === "usym");
  const writer: CellWriter = (b, p, s, v, at) => {
    const there = beside === undefined
      ? length
      : Math.min(length, Math.floor(v.getUint32(at + beside, true) / stride));
    const shown = Math.min(most, there);
    if (json) b[p++] = 91;
    for (let i = 0; i < shown; i++) {
      // Unused slots of a stack are zero.
      if (
        isStack && v.getUint32(at + i * stride, true) === 0 &&
        v.getUint32(at + i * stride + 4, true) === 0
      ) break;
      if (i > 0) b[p++] = 44;
      p = write(b, p, s, v, at + i * stride);
    }
    if (shown < there) {
      for (const byte of ELLIPSIS) b[p++] = byte;
    }
    if (json) b[p++] = 93;
    return p;
  };
  return {
    expr: `${context.code.constant(writer)}(b,p,s,v,${place(field.offset)})`,
    max: most * (max + 1) + 8,
  };
}

const ELLIPSIS = new TextEncoder().encode(",…");
