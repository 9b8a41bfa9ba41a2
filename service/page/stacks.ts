/** Stacks of a row, for the flame graph. */
import type { Message, Row } from "./feed.ts";
import type { Stack } from "./flame.ts";
import { textOf, valueOf } from "./rows.ts";

/** Returns a row with stacks as one stack: the task, then user and kernel frames from the outermost. */
export function stackOf(row: Row, opened: Extract<Message, { t: "open" }> | undefined): Stack {
  const fields = opened?.fields ?? [];
  const framesOf = (format: string) =>
    fields.filter((field) => field.format === format).flatMap(({ path }) =>
      framesIn(valueOf(row, path))
    );
  const comm = fields.find(({ name }) => name === "comm" || name.endsWith(".comm"));
  const weight = fields.find(({ name }) => name === opened?.weight);
  const count = weight === undefined ? 1 : Number(valueOf(row, weight.path));
  const title = comm === undefined ? [] : [textOf(valueOf(row, comm.path))];
  return {
    frames: [...title, ...framesOf("ustack"), ...framesOf("kstack")],
    count: Number.isFinite(count) ? count : 1,
  };
}

/**
 * Returns the functions of one stack. Records have them as a text, innermost first, with a semicolon
 * between two; a number is the id of a stack that is gone, or an error.
 */
function framesIn(value: unknown): string[] {
  if (typeof value === "number" || typeof value === "bigint") return ["[no stack]"];
  if (typeof value !== "string" || value === "") return [];
  return value.split(";").reverse().map((frame) =>
    frame.startsWith("0x") ? frame : frame.replace(/\+0x[0-9a-f]+(?=\]?$)/, "")
  );
}
