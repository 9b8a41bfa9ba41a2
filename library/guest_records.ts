/** Takers of the records that a guest emits: in its own thread, and as a module of a worker. */
import {
  checkWhole,
  guestSchema,
  planOfSchema,
  type Schema,
  type ValuePlan,
  valuePlan,
} from "../records/mod.ts";
import type { GuestRecords, GuestRecordsMaker } from "../runtime/mod.ts";
import type { RecordStreams } from "./record_streams.ts";
import type { SourceFacts } from "./sources.ts";

/** Message from the thread of a run, in order. */
export type RecordMessage =
  | { readonly type: "open"; readonly id: number; readonly facts: SourceFacts }
  | {
    readonly type: "batch";
    readonly id: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly interval: number;
  };

/** Called with each message; `bytes` is the size of the records in it. */
export type PostRecords = (message: RecordMessage, bytes: number) => void;

/** Hands a message over to streams. */
export function receiveRecords(
  streams: RecordStreams,
  message: RecordMessage,
  release: () => void,
): void {
  if (message.type === "batch") {
    return streams.push(message.id, message.bytes, message.interval, release);
  }
  streams.open(message.id, message.facts);
  release();
}

/** Approximate bytes of the schema of a source in a message, for each field. */
export const FIELD_BYTES = 256;

/** Makes a taker of a guest's records that posts them. */
export function guestRecordsOf(post: PostRecords): GuestRecords {
  let ids = 0;
  return {
    open: (name, text, { types, isTable }) => {
      const { schema, type } = guestSchema(types, text, name);
      const plan = type === undefined ? planOfSchema(schema) : valuePlan(type.btf, type.id);
      const id = ids++;
      const facts = factsOf(name, isTable ? "table" : "events", { schema, plan });
      post({ type: "open", id, facts }, schema.fields.length * FIELD_BYTES);
      let interval = 0;
      return {
        write: (records) => {
          checkWhole(records, schema);
          if (records.length > 0) {
            post({ type: "batch", id, bytes: records.slice(), interval }, records.length);
          }
          return records.length / schema.size;
        },
        flush: () => void (interval += 1),
      };
    },
  };
}

function factsOf(
  name: string,
  kind: "table" | "events",
  { schema, plan }: { schema: Schema; plan: ValuePlan },
): SourceFacts {
  return { name, kind, framing: "packed", schema, plan };
}

/** Runs in the worker of a spawned guest. */
const make: GuestRecordsMaker = (post) =>
  guestRecordsOf((message, bytes) =>
    post(message, bytes, message.type === "batch" ? [message.bytes.buffer] : [])
  );
export default make;
