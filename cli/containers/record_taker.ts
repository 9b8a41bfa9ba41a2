/** Records on their way to an output: those of other containers are left out, names are added. */
import type { HostError } from "../../ffi/errors.ts";
import {
  type Field,
  type Framing,
  recordPlaces,
  type RecordTaker,
  type Schema,
  type StreamSink,
  type TableSink,
} from "../../records/mod.ts";
import type { ContainerNames } from "./engine_state.ts";
import type { Place } from "./index.ts";
import type { PlaceReader } from "./record_places.ts";

/** Fields that are added, with their bytes; longer names are cut. */
const FIELDS = [
  { name: "container", bytes: 128, help: "container of the process" },
  { name: "pod", bytes: 256, help: "pod of the process" },
  { name: "pod_namespace", bytes: 64, help: "namespace of the pod" },
] as const;
const ADDED_BYTES = 448;
/** Bytes before a framed record: its size and its CPU. */
const HEADER_BYTES = 8;
/** Digits of the id of a container without a name. */
const SHORT_ID = 12;

/** Decisions about the records of one run. */
export interface TakerParts {
  /** Returns the reader of places for a schema; undefined if it has no field for one. */
  readonly placesOf: (schema: Schema) => PlaceReader | undefined;
  /** True if records of other containers are left out here: the kernel does not do it. */
  readonly filters: boolean;
  /** Look of the fields: shown, there for those who name them, or absent. */
  readonly fields: "shown" | "hidden" | "absent";
  /** Returns the error for records without a process, of which other containers' cannot be left out. */
  readonly refusal: (source: string) => HostError;
}

/** Sink of a source that is left out whole. */
const NOTHING = { write: () => {}, rows: () => {}, refresh: () => {} };

/** Changes records of all sources of an output. */
export class ContainerTaker implements RecordTaker {
  readonly #inner: RecordTaker;
  readonly #parts: TakerParts;
  readonly #texts = new WeakMap<Place, Uint8Array>();
  readonly #nothing = new Uint8Array(ADDED_BYTES);
  #unknown = 0;
  readonly #leftOut: string[] = [];
  #taken = 0;
  #mayLeaveOut: boolean;

  /**
   * @param options.mayLeaveOut true if all sources are opened before {@linkcode ContainerTaker.settle}:
   *   those without a process are left out then, and refused otherwise
   */
  constructor(
    inner: RecordTaker,
    parts: TakerParts,
    { mayLeaveOut = false }: { mayLeaveOut?: boolean } = {},
  ) {
    this.#inner = inner;
    this.#parts = parts;
    this.#mayLeaveOut = mayLeaveOut;
  }

  /**
   * Ends the time in which sources are left out.
   *
   * @returns the names of those that were
   * @throws {HostError} `NO_PROCESS` if no other is left
   */
  settle(): readonly string[] {
    this.#mayLeaveOut = false;
    const [first] = this.#leftOut;
    if (first !== undefined && this.#taken === 0) throw this.#parts.refusal(first);
    return this.#leftOut;
  }

  /** Records that are left out since nothing is known of their process. */
  get unknown(): number {
    return this.#unknown;
  }

  get done(): boolean {
    return this.#inner.done;
  }

  stream(source: string, schema: Schema, type?: Parameters<RecordTaker["stream"]>[2]): StreamSink {
    const change = this.#changeOf(source, schema);
    if (change === "left out") return NOTHING;
    if (change === undefined) return this.#inner.stream(source, schema, type);
    const sink = this.#inner.stream(source, change.schema, type);
    return {
      write: (batch, framing = "framed") => {
        const changed = change.apply(batch, framing);
        if (changed.length > 0) sink.write(changed, framing);
      },
    };
  }

  table(source: string, schema: Schema, ...rest: TableRest): TableSink {
    const change = this.#changeOf(source, schema);
    if (change === "left out") return NOTHING;
    if (change === undefined) return this.#inner.table(source, schema, ...rest);
    const sink = this.#inner.table(source, change.schema, ...rest);
    return {
      rows: (rows) => sink.rows(change.apply(rows, "packed")),
      refresh: (rows) => sink.refresh(change.apply(rows, "packed")),
    };
  }

  histogram(source: string, schema: Schema, ...rest: HistogramRest): TableSink {
    const change = this.#changeOf(source, schema, "absent");
    if (change === "left out") return NOTHING;
    const sink = this.#inner.histogram(source, schema, ...rest);
    if (change === undefined) return sink;
    return {
      rows: (rows) => sink.rows(change.apply(rows, "packed")),
      refresh: (rows) => sink.refresh(change.apply(rows, "packed")),
    };
  }

  hex(source: string): StreamSink {
    return this.#parts.filters ? this.#leaveOut(source) : this.#inner.hex(source);
  }

  text(source: string, line: string): void {
    if (this.#parts.filters) throw this.#parts.refusal(source);
    this.#inner.text(source, line);
  }

  interval(): void {
    this.#inner.interval();
  }

  /** @throws {HostError} `NO_PROCESS` if the source is not to be left out */
  #leaveOut(source: string): typeof NOTHING {
    if (!this.#mayLeaveOut) throw this.#parts.refusal(source);
    if (!this.#leftOut.includes(source)) this.#leftOut.push(source);
    return NOTHING;
  }

  /** @throws {HostError} `NO_PROCESS` if other records cannot be left out */
  #changeOf(
    source: string,
    schema: Schema,
    look: TakerParts["fields"] = this.#parts.fields,
  ): Change | "left out" | undefined {
    const { filters, placesOf } = this.#parts;
    const taken = schema.fields.some(({ name }) => FIELDS.some((one) => one.name === name));
    const adds = look !== "absent" && !taken;
    if (!filters && !adds) return undefined;
    const placeOf = placesOf(schema);
    if (placeOf === undefined) {
      if (!filters) return undefined;
      this.#leaveOut(source);
      return "left out";
    }
    this.#taken += 1;
    const bytes = adds ? ADDED_BYTES : 0;
    const start = Math.ceil(schema.size / 8) * 8;
    const isWanted = (place: Place | undefined) => !filters || place?.isWanted === true;
    return {
      schema: adds ? withFields(schema, start, look === "hidden") : schema,
      apply: (batch, framing) => {
        const parts: Uint8Array[] = [];
        for (const { view, at, size, cpu } of recordPlaces(batch, framing, schema)) {
          const place = placeOf(view, at);
          if (filters && place === undefined) this.#unknown += 1;
          if (!isWanted(place)) continue;
          const whole = bytes === 0 ? size : start + bytes;
          const header = framing === "framed" ? HEADER_BYTES : 0;
          const record = new Uint8Array(header + (header === 0 ? whole : Math.ceil(whole / 8) * 8));
          if (header > 0) {
            const head = new DataView(record.buffer);
            head.setUint32(0, whole, true);
            head.setUint32(4, cpu, true);
          }
          const from = new Uint8Array(view.buffer, view.byteOffset + at);
          record.set(from.subarray(0, bytes === 0 ? size : schema.size), header);
          if (bytes > 0) record.set(this.#textOf(place), header + start);
          parts.push(record);
        }
        return joined(parts);
      },
    };
  }

  /** Returns the bytes of the fields; the same each time for a place. */
  #textOf(place: Place | undefined): Uint8Array {
    if (place === undefined || (place.names === undefined && place.id === undefined)) {
      return this.#nothing;
    }
    const known = this.#texts.get(place);
    if (known !== undefined) return known;
    const text = textsOf(
      place.names ?? { container: place.id?.slice(0, SHORT_ID) ?? "", pod: "", namespace: "" },
    );
    this.#texts.set(place, text);
    return text;
  }
}

type TableRest = Parameters<RecordTaker["table"]> extends [string, Schema, ...infer R] ? R : never;
type HistogramRest = Parameters<RecordTaker["histogram"]> extends [string, Schema, ...infer R] ? R
  : never;

interface Change {
  readonly schema: Schema;
  apply(batch: Uint8Array, framing: Framing): Uint8Array;
}

function withFields(schema: Schema, start: number, hidden: boolean): Schema {
  let offset = start;
  const added = FIELDS.map(({ name, bytes, help }): Field => {
    const field: Field = {
      name,
      path: [name],
      offset,
      size: bytes,
      type: { kind: "bytes", length: bytes, signed: true },
      format: { name: "str" },
      help,
      ...(hidden ? { hidden } : {}),
    };
    offset += bytes;
    return field;
  });
  const { tail: _, ...rest } = schema;
  return { ...rest, size: offset, fields: [...schema.fields, ...added] };
}

/** Characters that control a terminal, or the direction of text. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Writes names, each with NUL bytes after it. */
function textsOf({ container, pod, namespace }: ContainerNames): Uint8Array {
  const text = new Uint8Array(ADDED_BYTES);
  const encoder = new TextEncoder();
  let at = 0;
  [container, pod, namespace].forEach((name, i) => {
    const bytes = FIELDS[i]?.bytes ?? 0;
    encoder.encodeInto(name.replaceAll(CONTROLS, "?"), text.subarray(at, at + bytes - 1));
    at += bytes;
  });
  return text;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
