/** `records_open`, `records_write` and `records_flush`: typed records for the host to show. */
import { errno } from "../../../ffi/mod.ts";
import type { GuestRecordSink } from "../../records.ts";
import type { BpfContext } from "../context.ts";

/** Sources of one guest; each has a decoder. */
const MAX_SOURCES = 256;
/** Longest name of a source, in bytes. */
const MAX_NAME_BYTES = 256;
/** Longest schema, in bytes. */
const MAX_SCHEMA_BYTES = 65_536;
/** Largest object that a schema is looked up in. */
const MAX_TYPES_BYTES = 64 << 20;
/** Bit of `flags`: records are rows of an interval, which `records_flush` ends. */
const TABLE = 1;

export function recordImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory } = context;
  const sinks: GuestRecordSink[] = [];
  return {
    "records_open": (
      name: number,
      schema: number,
      types: number,
      typesBytes: number,
      flags: number,
    ) =>
      context.answer(() => {
        const { records } = context;
        if ((flags & ~TABLE) !== 0 || typesBytes < 0 || typesBytes > MAX_TYPES_BYTES) {
          return -errno("EINVAL");
        }
        if (sinks.length >= MAX_SOURCES) return -errno("EMFILE");
        const title = memory.cString(name, MAX_NAME_BYTES);
        const text = memory.cString(schema, MAX_SCHEMA_BYTES);
        // A copy: the guest may change its own while it is read.
        const bytes = memory.bytes(types, typesBytes).slice();
        if (records === undefined) return 0;
        const sink = records.open(title, text, { types: bytes, isTable: flags === TABLE });
        return sink === undefined ? 0 : sinks.push(sink);
      }),
    "records_write": (id: number, data: number, sizeBytes: number) => {
      const sink = sinks[id - 1];
      if (sink === undefined) return -errno("EBADF");
      if (sizeBytes < 0 || !memory.contains(data, sizeBytes)) return -errno("EFAULT");
      return context.answer(() => sink.write(memory.bytes(data, sizeBytes)));
    },
    "records_flush": (id: number) => {
      const sink = sinks[id - 1];
      if (sink === undefined) return -errno("EBADF");
      return context.answer(() => {
        sink.flush();
        return 0;
      });
    },
  };
}
