/** Records of one map: each goes to the output of its type, and what has none is shown as bytes. */
import {
  type EventType,
  type EventTypes,
  inlineType,
  type PrintedLine,
  type TypeAt,
  typed,
} from "../../ebpf/plain/mod.ts";
import { KeptViews } from "../../ffi/bytes.ts";
import { HostError } from "../../ffi/errors.ts";
import {
  type Field,
  RecordsError,
  type RecordTaker,
  type Schema,
  type SchemaHints,
  schemaOf,
  type StreamSink,
} from "../../records/mod.ts";

/** Bytes before a framed record: its size and its CPU. */
const HEADER_BYTES = 8;
/** perf_event_open(2) pads samples with their size to 8 bytes. */
const MAX_PADDING = 7;

/** Facts about the source of records. */
export interface EventSinkParts {
  /** Name of the source. */
  readonly source: string;
  readonly types: EventTypes;
  /** True for a perf event array, whose samples are padded. */
  readonly isPadded: boolean;
  readonly hints: SchemaHints | undefined;
  /** Marks the fields that are stacks. */
  readonly mark: (schema: Schema) => Schema;
}

interface Typed {
  readonly type: EventType;
  readonly schema: Schema;
  readonly sink: StreamSink;
}

/** Divides batches by the types of their records. */
export class EventSink {
  readonly #parts: EventSinkParts;
  readonly #output: RecordTaker;
  readonly #typed: readonly Typed[];
  readonly #tag: Field | undefined;
  readonly #byTag = new Map<bigint, Typed>();
  #hex: StreamSink | undefined;
  readonly #views = new KeptViews();
  /** Sizes of records that no type fits. */
  readonly unknownSizes = new Set<number>();

  /** @throws {RecordsError} for a type that cannot be shown */
  constructor(output: RecordTaker, parts: EventSinkParts) {
    this.#output = output;
    this.#parts = parts;
    const { types: { types, tag }, source, hints, mark } = parts;
    const unique = [...new Map(types.map((type) => [type.name, type])).values()];
    this.#typed = unique.map((type) => {
      const name = unique.length === 1 ? source : `${source}.${type.name}`;
      const facts = { name: type.name, ...hints, isFramed: true };
      const schema = mark(schemaOf(type.type.btf, type.type.id, facts));
      return { type, schema, sink: output.stream(name, schema, type.type) };
    });
    if (tag !== undefined) this.#tag = this.#tagField(tag.field);
    for (const { value, type } of tag?.cases ?? []) {
      const found = this.#typed.find((one) => one.type.name === type.name);
      if (found !== undefined) this.#byTag.set(value, found);
    }
    if (types.length === 0) this.#hex = output.hex(source);
  }

  #tagField(name: string): Field {
    for (const { schema } of this.#typed) {
      const field = schema.fields.find((one) => one.name === name);
      if (field !== undefined && field.size <= 8) return field;
    }
    throw new HostError(
      `Cannot tell the types of "${this.#parts.source}" apart: no field "${name}"`,
      {
        code: "BAD_TYPE",
      },
    );
  }

  /** Shows a batch, framed as `buffer_read` writes it. */
  write(batch: Uint8Array<ArrayBuffer>): void {
    const [only] = this.#typed;
    if (only === undefined) return this.#writeHex(batch);
    if (this.#typed.length === 1 && this.#tag === undefined && this.#fits(batch, only)) {
      return only.sink.write(batch, "framed");
    }
    this.#divide(batch);
  }

  /** Reports whether all records of a batch are of one type. */
  #fits(batch: Uint8Array, typed: Typed): boolean {
    const view = this.#views.of(batch);
    for (let at = 0; at + HEADER_BYTES <= batch.length;) {
      const size = view.getUint32(at, true);
      if (!this.#isOf(size, typed.type) && !isLong(size, typed)) return false;
      at += HEADER_BYTES + Math.ceil(size / 8) * 8;
    }
    return true;
  }

  #isOf(size: number, { bytes }: EventType): boolean {
    if (this.#parts.types.mayBeShort) return true;
    return size >= bytes && size <= bytes + (this.#parts.isPadded ? MAX_PADDING : 0);
  }

  /** Hands over runs of records of one type. */
  #divide(batch: Uint8Array<ArrayBuffer>): void {
    const view = this.#views.of(batch);
    let start = 0;
    let current: Typed | undefined;
    const flush = (end: number) => {
      if (end === start) return;
      const isWhole = start === 0 && end === batch.length;
      const run = isWhole ? batch : batch.subarray(start, end);
      if (current === undefined) this.#writeHex(run);
      else current.sink.write(run, "framed");
      start = end;
    };
    let at = 0;
    while (at + HEADER_BYTES <= batch.length) {
      const size = view.getUint32(at, true);
      const typed = this.#typeOf(view, at + HEADER_BYTES, size);
      if (typed !== current) {
        flush(at);
        current = typed;
      }
      at += HEADER_BYTES + Math.ceil(size / 8) * 8;
    }
    flush(at);
  }

  #typeOf(view: DataView, at: number, size: number): Typed | undefined {
    const tag = this.#tag;
    if (tag !== undefined) {
      if (tag.offset + tag.size > size) return undefined;
      return this.#byTag.get(integerAt(view, at + tag.offset, tag));
    }
    const exact = this.#typed.find(({ type }) => this.#isOf(size, type));
    if (exact !== undefined) return exact;
    const [long, ...more] = this.#typed.filter((typed) => isLong(size, typed));
    return more.length === 0 ? long : undefined;
  }

  /** Without fields, records of a size that no type has match no filter: they are left out, and noted. */
  #hexSink(): StreamSink {
    try {
      return this.#output.hex(this.#parts.source);
    } catch (error) {
      if (error instanceof RecordsError) return { write: () => {} };
      throw error;
    }
  }

  #writeHex(batch: Uint8Array<ArrayBuffer>): void {
    this.#hex ??= this.#hexSink();
    if (this.unknownSizes.size < 8) {
      const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
      let last = -1;
      for (let at = 0; at + HEADER_BYTES <= batch.length;) {
        const size = view.getUint32(at, true);
        if (size !== last) this.unknownSizes.add(last = size);
        at += HEADER_BYTES + Math.ceil(size / 8) * 8;
      }
    }
    this.#hex.write(batch, "framed");
  }
}

/** Reports whether a record can be of a type that ends with a flexible array. */
function isLong(size: number, { schema: { tail } }: Typed): boolean {
  return tail !== undefined && size >= tail.offset;
}

function integerAt(view: DataView, at: number, { size, type }: Field): bigint {
  const signed = type.kind === "int" || type.kind === "enum" ? type.signed : false;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(view.getUint8(at + i));
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

const COMM_BYTES = 16, PID_AT = 16, TEXT_AT = 20, TEXT_BYTES = 1024;

/** Returns the schema of printed lines. */
function printSchema(): { schema: Schema; type: TypeAt } {
  const members = `{char comm[16]; u32 pid; char text[${TEXT_BYTES}];}`;
  const { type } = typed("printk", inlineType(members));
  return { schema: schemaOf(type.btf, type.id, { name: "printk" }), type };
}

/** Source of the printed lines of an output. */
export class PrintSink {
  readonly #sink: StreamSink;
  readonly #encoder = new TextEncoder();

  constructor(output: RecordTaker) {
    const { schema, type } = printSchema();
    this.#sink = output.stream("printk", schema, type);
  }

  /** Shows a line. */
  write({ comm, pid, text }: PrintedLine): void {
    const bytes = this.#encoder.encode(text).subarray(0, TEXT_BYTES);
    const size = TEXT_AT + bytes.length;
    const record = new Uint8Array(HEADER_BYTES + Math.ceil(size / 8) * 8);
    new DataView(record.buffer).setUint32(0, size, true);
    const payload = record.subarray(HEADER_BYTES);
    payload.set(this.#encoder.encode(comm).subarray(0, COMM_BYTES - 1));
    new DataView(record.buffer).setUint32(HEADER_BYTES + PID_AT, pid, true);
    payload.set(bytes, TEXT_AT);
    this.#sink.write(record, "framed");
  }
}
