/** Fields of a record as texts that are safe to show, without widths: labels, and rows for a page. */
import { cellWriters, jsonRow, type TextOptions } from "./compile/rows.ts";
import type { Resolvers } from "./resolvers.ts";
import type { Field, Schema } from "./schema.ts";
import { type Clock, Times } from "./text/times.ts";

/** Returns the texts of some fields of the record at `at`. */
export type Texts = (s: Uint8Array, v: DataView, at: number) => readonly string[];

/** Returns the record at `at` as a JSON object. */
export type JsonText = (s: Uint8Array, v: DataView, at: number) => string;

/** Makes texts of records with the names and clocks of a host. */
export class TextMaker {
  readonly #options: TextOptions;

  /** Creates a maker; nothing is read before the first text. */
  constructor({ clock, resolvers }: { clock: Clock; resolvers: Resolvers }) {
    this.#options = { times: new Times(clock), resolvers, exact: true };
  }

  /** Reads the clock again; once for a batch. */
  refresh(): void {
    this.#options.times.refresh();
  }

  /** Returns the reader of some fields of a schema. */
  texts(fields: readonly Field[], { fields: all }: Schema): Texts {
    const writers = cellWriters(fields, all, this.#options);
    const buffer = new Uint8Array(Math.max(0, ...writers.map(({ max }) => max)));
    const decoder = new TextDecoder();
    return (s, v, at) =>
      writers.map(({ write }) => decoder.decode(buffer.subarray(0, write(buffer, 0, s, v, at))));
  }

  /** Returns the writer of some fields as JSON. */
  json(fields: readonly Field[]): JsonText {
    const { write, max } = jsonRow(fields, this.#options);
    const buffer = new Uint8Array(max);
    const decoder = new TextDecoder();
    return (s, v, at) => decoder.decode(buffer.subarray(0, write(buffer, 0, s, v, at)));
  }
}
