/**
 * Typed records: schemas, decoders, filters and formats.
 *
 * ```ts
 * import { Btf } from "../ebpf/btf/mod.ts";
 * import { Output, schemaOf } from "./mod.ts";
 *
 * const schema = schemaOf(new Btf(btf), id);
 * const output = new Output({ sinks: [{ format: "jsonl", write: (bytes) => file.writeSync(bytes) }] });
 * const events = output.stream("events", schema);
 * events.write(batch);
 * output.end();
 * ```
 *
 * Pure: nothing here reads the kernel, a terminal or a clock.
 *
 * @module
 */
export type {
  Btf,
  BtfEnumerator,
  BtfMember,
  BtfParameter,
  BtfSectionEntry,
  BtfType,
  Linkage,
} from "../ebpf/btf/mod.ts";
export { namesFunctions } from "./annotations.ts";
export { parseAggregate } from "./aggregate.ts";
export { type AggregateFunction, type AggregateSpec } from "./output_options.ts";
export { countRecords, type Framing, recordPlaces, type RecordSizes } from "./batch.ts";
export { type Computation, computationOf } from "./computed.ts";
export {
  type DecodedRecord,
  type DecodeOptions,
  decodeRecordBatches,
  decodeRecords,
  type RecordValue,
} from "./decode.ts";
export { RecordsError, unknownField } from "./errors.ts";
export { type FieldChoice, parseAs, parseFields, parseFormats } from "./fields.ts";
export {
  type FeedBlocks,
  FeedKind,
  feedKind,
  feedMessage,
  type FeedSource,
  type FeedText,
  parseFeed,
  RowsFlag,
} from "./feed/messages.ts";
export { type FeedMessage, FeedReader, type FeedRows, feedRows } from "./feed/reader.ts";
export { checkWhole, guestSchema, MAX_TABLE_BYTES, tooManyRows } from "./guest_schema.ts";
export { isNumber } from "./compile/rows.ts";
export { loadFilter } from "./filter/mod.ts";
export { loadRowFilter, type RowFilter } from "./filter/rows.ts";
export { type Format, type FormatName, FORMATS, formatText, parseFormat } from "./format.ts";
export { isStack, processOf } from "./frames.ts";
export { declaredHistogram, type HistogramScale, type HistogramSpec } from "./histogram.ts";
export { type MetricPlan, type MetricSpec, parseMetric } from "./metric_plan.ts";
export { isNumeric, type NumberReader, numberReader } from "./numbers.ts";
export {
  type ObjectAnnotations,
  type OptionAnnotation,
  readAnnotations,
  type ShownMap,
  type SortChoice,
} from "./object_annotations.ts";
export { parseSort } from "./order.ts";
export { Output } from "./output.ts";
export {
  type RecordBtf,
  type RecordTaker,
  type RowBtf,
  type RowOrder,
  type StacksSink,
  type StreamSink,
  type TableSink,
} from "./output_sources.ts";
export {
  type Filter,
  OUTPUT_FORMATS,
  type OutputFormat,
  type OutputOptions,
  type Predicate,
  type SinkOptions,
  type SortKey,
} from "./output_options.ts";
export { type Resolvers } from "./resolvers.ts";
export {
  type ArrayType,
  type BytesType,
  type EnumType,
  type Field,
  type FieldType,
  type FloatType,
  type IntType,
  MAX_FIELDS,
  MAX_RECORD_BYTES,
  MAX_TAIL_BYTES,
  type MetricKind,
  type RecordType,
  type Schema,
  type Tail,
} from "./schema.ts";
export { enumNamesIn } from "./btf_names.ts";
export { type FieldHint, type SchemaHints } from "./schema_hints.ts";
export { syscallName } from "./names/syscalls.ts";
export { schemaOf } from "./schema_btf.ts";
export { schemaFromText } from "./schema_text.ts";
export { type StackOptions, type StackSample } from "./stacks.ts";
export { type JsonText, TextMaker, type Texts } from "./texts.ts";
export { type Clock, NO_CLOCK } from "./text/times.ts";
export {
  type MemberPlan,
  planOfSchema,
  type RecordPlan,
  type ValuePlan,
  valuePlan,
} from "./value_plan.ts";
export { type ValueReader, valueReader } from "./value_reader.ts";
