/** Taker of a plain object's records that posts them as bytes. */
import {
  type Framing,
  MAX_TABLE_BYTES,
  planOfSchema,
  type RecordBtf,
  type RecordPlan,
  type RecordTaker,
  type RowBtf,
  type Schema,
  type StreamSink,
  type TableSink,
  tooManyRows,
  type ValuePlan,
  valuePlan,
} from "../records/mod.ts";
import { FIELD_BYTES, type PostRecords } from "./guest_records.ts";
import { noSchema, type SourceKind } from "./sources.ts";

/** Bytes of a table's rows in one batch. */
const ROWS_BYTES = 256 << 10;
/** Bytes before a framed record. */
const HEADER_BYTES = 8;

/** Posts the records of all sources of a run. */
export class BatchTaker implements RecordTaker {
  readonly done = false;
  readonly #post: PostRecords;
  readonly #texts = new Map<string, StreamSink>();
  readonly #encoder = new TextEncoder();
  #ids = 0;
  #interval = 0;

  constructor(post: PostRecords) {
    this.#post = post;
  }

  stream(source: string, schema: Schema, type?: RecordBtf): StreamSink {
    const plan = type === undefined ? planOfSchema(schema) : asRecord(schema, type);
    return this.#open(source, { kind: "events", schema, plan });
  }

  table(source: string, schema: Schema, _rows?: unknown, types?: RowBtf): TableSink {
    const plan = rowPlan(schema, types);
    const send = this.#open(source, { kind: "table", schema, plan, framing: "packed" });
    let interval = 0;
    return {
      rows: (rows) => {
        if (rows.length > MAX_TABLE_BYTES) throw tooManyRows(source);
        const step = Math.max(1, Math.floor(ROWS_BYTES / schema.size)) * schema.size;
        for (let at = 0; at < rows.length; at += step) {
          send.write(rows.subarray(at, at + step), "packed", interval);
        }
        interval += 1;
      },
      refresh: () => {},
    };
  }

  histogram(
    source: string,
    schema: Schema,
    _spec: unknown,
    rows?: unknown,
    types?: RowBtf,
  ): TableSink {
    return this.table(source, schema, rows, types);
  }

  hex(source: string): StreamSink {
    return this.#open(source, { kind: "bytes", schema: noSchema(source), plan: undefined });
  }

  text(source: string, line: string): void {
    const known = this.#texts.get(source);
    const sink = known ??
      this.#open(source, { kind: "text", schema: noSchema(source), plan: undefined });
    this.#texts.set(source, sink);
    const bytes = this.#encoder.encode(line);
    const record = new Uint8Array(HEADER_BYTES + Math.ceil(bytes.length / 8) * 8);
    new DataView(record.buffer).setUint32(0, bytes.length, true);
    record.set(bytes, HEADER_BYTES);
    sink.write(record);
  }

  interval(): void {
    this.#interval += 1;
  }

  #open(
    name: string,
    { kind, schema, plan, framing = "framed" }: {
      kind: SourceKind;
      schema: Schema;
      plan: ValuePlan | undefined;
      framing?: Framing;
    },
  ): { write(batch: Uint8Array, framing?: Framing, interval?: number): void } {
    const open = (framing: Framing): number => {
      const id = this.#ids++;
      const facts = { name, kind, framing, schema, plan };
      this.#post({ type: "open", id, facts }, schema.fields.length * FIELD_BYTES);
      return id;
    };
    const ids = new Map<Framing, number>([[framing, open(framing)]]);
    return {
      write: (batch, given = "framed", interval = this.#interval) => {
        if (batch.length === 0) return;
        const id = ids.get(given) ?? open(given);
        ids.set(given, id);
        this.#post({ type: "batch", id, bytes: batch.slice(), interval }, batch.length);
      },
    };
  }
}

/** Returns the values of a type; one that is not a struct is a member. */
function asRecord(schema: Schema, { btf, id }: RecordBtf): ValuePlan {
  const plan = valuePlan(btf, id);
  if (plan.kind === "record") return plan;
  const name = schema.fields[0]?.name ?? "value";
  return { kind: "record", bytes: schema.size, members: [{ name, offset: 0, of: plan }] };
}

/** Returns the values of a row: the key's members, then the value's. */
function rowPlan(schema: Schema, types: RowBtf | undefined): ValuePlan {
  const { key, value, valueOffset = 0 } = types ?? {};
  if (value === undefined) return planOfSchema(schema);
  const [keyPlan, plan] = [key && valuePlan(key.btf, key.id), valuePlan(value.btf, value.id)];
  const isInValue = ({ offset }: Schema["fields"][number]) => offset >= valueOffset;
  const keys = keyPlan?.kind === "record"
    ? keyPlan.members
    : planOfSchema({ ...schema, fields: schema.fields.filter((field) => !isInValue(field)) })
      .members;
  const taken = new Set(keys.map(({ name }) => name));
  const members = plan.kind === "record" ? plan.members : [{ name: "value", offset: 0, of: plan }];
  const moved: RecordPlan["members"] = members.map((member) => ({
    ...member,
    name: taken.has(member.name) ? `value.${member.name}` : member.name,
    offset: member.offset + valueOffset,
    ...(member.bits === undefined
      ? {}
      : { bits: { ...member.bits, offset: member.bits.offset + valueOffset * 8 } }),
  }));
  return { kind: "record", bytes: schema.size, members: [...keys, ...moved] };
}
