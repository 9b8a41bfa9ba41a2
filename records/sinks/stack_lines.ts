/** Stacks as lines: below the row that they belong to, or folded for flame graphs. */
import type { TextOptions } from "../compile/rows.ts";
import { type FrameReader, frameReader, functionName, isStack, processOf } from "../frames.ts";
import type { ShownSchema } from "../output_options.ts";
import type { Field } from "../schema.ts";
import { safeText, visibleText } from "../text/strings.ts";

const INDENT = "    ";

/** Returns the writer of the lines below a row; undefined for a schema without stacks. */
export function stackWriter(
  { fields, schema }: ShownSchema,
  { resolvers }: TextOptions,
): ((v: DataView, at: number) => string[]) | undefined {
  const stacks = fields.filter(isStack);
  if (stacks.length === 0) return undefined;
  const readers = stacks.map((field) => ({
    field,
    read: frameReader(field, schema.fields, resolvers),
  }));
  return (v, at) => {
    const parts = readers.map(({ field, read }) =>
      read(v, at)?.map(visibleText) ?? [`[no stack ${idText(field, v, at)}]`]
    ).filter((frames) => frames.length > 0);
    return parts.flatMap((frames, i) => [
      ...(i > 0 ? [`${INDENT}--`] : []),
      ...frames.map((frame) => INDENT + frame),
    ]);
  };
}

/** Returns the number of a stack that its map does not have, or the error of the helper. */
function idText({ type, offset }: Field, v: DataView, at: number): string {
  const isWide = type.kind === "int" && type.bytes === 8;
  return String(isWide ? v.getBigInt64(at + offset, true) : v.getInt32(at + offset, true));
}

/** Names of the task that a stack is of. */
const TASK = /(^|\.|_)(comm|task|name|target)$/;

/** Returns the writer of folded lines: `comm;outermost;…;innermost COUNT`. */
export function foldedWriter(
  { schema }: ShownSchema,
  { resolvers }: TextOptions,
): (v: DataView, at: number) => string {
  const stacks = schema.fields.filter(isStack);
  const readers = [
    ...stacks.filter(({ format }) => format.name === "ustack"),
    ...stacks.filter(({ format }) => format.name === "kstack"),
  ].map((field): FrameReader => frameReader(field, schema.fields, resolvers));
  const texts = schema.fields.filter(({ type, format }) =>
    type.kind === "bytes" && format.name === "str"
  );
  const task = texts.find(({ name }) => TASK.test(name));
  const process = processOf(schema.fields);
  const weight = schema.fields.find(({ name }) => name === schema.weight);
  return (v, at) => {
    const bytes = new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
    const title = task !== undefined
      ? safeText(bytes.subarray(at + task.offset, at + task.offset + task.size))
      : process !== undefined
      ? String(v.getInt32(at + process.offset, true))
      : undefined;
    const frames = [
      ...(title === undefined ? [] : [title]),
      ...readers.flatMap((read) => (read(v, at) ?? ["[no stack]"]).toReversed().map(functionName)),
    ];
    const line = frames.map((frame) => visibleText(frame).replaceAll(";", ":")).join(";");
    return `${line} ${weight === undefined ? 1 : unsignedAt(v, at + weight.offset, weight.size)}`;
  };
}

function unsignedAt(v: DataView, at: number, bytes: number): bigint | number {
  switch (bytes) {
    case 8:
      return v.getBigUint64(at, true);
    case 4:
      return v.getUint32(at, true);
    case 2:
      return v.getUint16(at, true);
    default:
      return v.getUint8(at);
  }
}
