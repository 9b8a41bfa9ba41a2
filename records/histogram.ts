/** Histograms: slots of counters as a chart, as bcc draws it. */
import {
  addedName,
  cellWriters,
  jsonRow,
  type RowWriter,
  type TextOptions,
} from "./compile/rows.ts";
import { OutputBuffer } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import { findFields } from "./fields.ts";
import type { ShownSchema } from "./output_options.ts";
import type { Field, Schema } from "./schema.ts";
import type { Block } from "./sinks/sink.ts";
import { jsonString, visibleText } from "./text/strings.ts";

/**
 * Meaning of slots. `log2`: slot i counts 2^i to 2^(i+1)-1, slot 0 also 0. `log2-upper`: slot i counts
 * 2^(i-1) to 2^i-1, slot 0 only 0, as Inspektor Gadget's. `linear`: slot i counts from `start + i * step`.
 */
export type HistogramScale =
  | { readonly kind: "log2" }
  | { readonly kind: "log2-upper" }
  | { readonly kind: "linear"; readonly step: number; readonly start?: number };

/** Description of a histogram among the fields of a schema. */
export interface HistogramSpec {
  /** Name of the field that holds the slots: an array of integers. */
  readonly field: string;
  /** Meaning of the slots; default: `log2`. */
  readonly scale?: HistogramScale | undefined;
  /** Unit of the values, such as `usecs`. */
  readonly unit?: string | undefined;
}

/** Slots of a histogram that are drawn; hostile BTF has more. */
const MAX_SLOTS = 4096;
/** Slots from which bounds have more than ten digits. */
const WIDE_SLOTS = 32;

/**
 * Returns the histogram that an annotation or mark declares, `METRIC(histogram)` of an array; undefined
 * without one. Other arrays stay arrays.
 */
export function declaredHistogram({ fields }: Schema): HistogramSpec | undefined {
  const slots = fields.find(({ metric, type }) =>
    metric === "histogram" && type.kind === "array" && type.element.kind === "int"
  );
  return slots && { field: slots.name, scale: { kind: "log2" }, unit: slots.unit };
}

const decoder = new TextDecoder();

/** Writer of the histograms of one source. */
export class HistogramText {
  readonly #source: string;
  readonly #isCleared: boolean;
  readonly #slots: Field;
  readonly #length: number;
  readonly #bytes: 4 | 8;
  readonly #stride: number;
  readonly #scale: HistogramScale;
  readonly #unit: string;
  readonly #others: readonly Field[];
  readonly #cells: readonly RowWriter[];
  readonly #json: RowWriter | undefined;
  /** Writer of the time of reading alone; undefined without `--time`. */
  readonly #time: RowWriter | undefined;
  readonly #buffer = new OutputBuffer();

  /** @throws {RecordsError} `UNKNOWN_FIELD`; `BAD_SCHEMA` if the field is not an array of integers */
  constructor(
    shown: ShownSchema,
    spec: HistogramSpec,
    { time, ...text }: TextOptions & { readonly time: boolean },
  ) {
    const { schema, source } = shown;
    const [slots] = findFields(schema, spec.field, source);
    if (
      slots?.type.kind !== "array" || slots.type.element.kind !== "int" ||
      (slots.type.stride !== 4 && slots.type.stride !== 8) || slots.type.length > MAX_SLOTS
    ) {
      throw new RecordsError(`Cannot draw a histogram of "${spec.field}" of "${source}"`, {
        code: "BAD_SCHEMA",
        hint: `choose an array of at most ${MAX_SLOTS} integers of 4 or 8 bytes`,
      });
    }
    this.#source = source;
    this.#isCleared = shown.isCleared === true;
    this.#slots = slots;
    this.#length = slots.type.length;
    this.#bytes = slots.type.stride;
    this.#stride = slots.type.stride;
    this.#scale = spec.scale ?? { kind: "log2" };
    this.#unit = visibleText(spec.unit ?? slots.unit ?? "value");
    this.#others = shown.fields.filter((field) => field !== slots);
    this.#cells = cellWriters(this.#others, schema.fields, text);
    this.#json = this.#others.length === 0 && !time
      ? undefined
      : jsonRow(this.#others, text, { all: shown.schema.fields, time });
    if (time) this.#time = jsonRow([], text, { time });
  }

  /** Returns the chart of one row; undefined if all slots are zero. */
  block(s: Uint8Array, v: DataView, at: number, isNamed: boolean): Block | undefined {
    const counts = this.#counts(v, at);
    const used = counts.findLastIndex((count) => count !== 0n) + 1;
    if (used === 0) return undefined;
    const intervals = counts.slice(0, used).map((count, i) => ({ ...this.#interval(i), count }));
    const cells = this.#cells.map((cell) => this.#text(cell, s, v, at));
    const title = this.#others.map(({ name }, i) => `${visibleText(name)} = ${cells[i]}`).join(
      ", ",
    );
    const chart = this.#chart(intervals);
    const members = this.#json === undefined ? "" : this.#text(this.#json, s, v, at).slice(1, -1);
    const hist = intervals.map(({ min, max, count }) =>
      `{"min":${min},"max":${max},"count":${count}}`
    ).join(",");
    const source = isNamed
      ? `"${addedName("source", this.#others)}":${jsonString(this.#source)},`
      : "";
    const time = this.#time === undefined
      ? []
      : [(JSON.parse(this.#text(this.#time, s, v, at)) as { time: string }).time];
    return {
      source: this.#source,
      kind: "histogram",
      isCleared: this.#isCleared,
      lines: title === "" ? chart : `${title}\n${chart}`,
      json: [
        `{${source}${members}${members === "" ? "" : ","}"unit":${
          jsonString(this.#unit)
        },"hist":[${hist}]}`,
      ],
      csv: {
        names: [
          ...time.map(() => addedName("time", this.#others)),
          ...this.#others.map(({ name }) => visibleText(name)),
          ...["min", "max", "count"],
        ],
        rows: intervals.map(({ min, max, count }) => [
          ...[...time, ...cells],
          ...[`${min}`, `${max}`, `${count}`],
        ]),
      },
    };
  }

  #text({ write, max }: RowWriter, s: Uint8Array, v: DataView, at: number): string {
    this.#buffer.reserve(max);
    const end = write(this.#buffer.bytes, 0, s, v, at);
    return decoder.decode(this.#buffer.bytes.subarray(0, end));
  }

  #counts(v: DataView, at: number): bigint[] {
    const start = at + this.#slots.offset;
    return Array.from({ length: this.#length }, (_, i) => {
      const place = start + i * this.#stride;
      return this.#bytes === 4 ? BigInt(v.getUint32(place, true)) : v.getBigUint64(place, true);
    });
  }

  #interval(i: number): { min: bigint; max: bigint } {
    const scale = this.#scale;
    const slot = BigInt(i);
    switch (scale.kind) {
      case "log2":
        return { min: i === 0 ? 0n : 1n << slot, max: (1n << slot + 1n) - 1n };
      case "log2-upper":
        return i === 0 ? { min: 0n, max: 0n } : { min: 1n << slot - 1n, max: (1n << slot) - 1n };
      case "linear": {
        const step = BigInt(Math.max(1, Math.floor(scale.step)));
        const min = BigInt(Math.floor(scale.start ?? 0)) + slot * step;
        return { min, max: min + step - 1n };
      }
    }
  }

  /** bcc's `print_log2_hist()`: 40 stars, or 20 when bounds are wide. */
  #chart(intervals: readonly { min: bigint; max: bigint; count: bigint }[]): string {
    const wide = intervals.length > WIDE_SLOTS;
    const [bound, stars] = wide ? [20, 20] : [10, 40];
    const most = intervals.reduce((top, { count }) => count > top ? count : top, 0n);
    const isLinear = this.#scale.kind === "linear";
    const unit = `${" ".repeat(5)}${this.#unit.padEnd(2 * bound - 1)}`;
    const lines = [`${unit} : count    distribution`];
    for (const { min, max, count } of intervals) {
      const drawn = Number(count * BigInt(stars) / most);
      const range = isLinear && min === max
        ? `${min}`.padStart(bound).padEnd(2 * bound + 4)
        : `${`${min}`.padStart(bound)} -> ${`${max}`.padEnd(bound)}`;
      lines.push(`${range} : ${`${count}`.padEnd(8)} |${"*".repeat(drawn).padEnd(stars)}|`);
    }
    return lines.join("\n");
  }
}
