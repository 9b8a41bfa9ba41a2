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
    /**
     * Starts a source of records, and returns its id; 0 if the host wants none.
     *
     * `name`, `schema`: texts that end with NUL; `types`, `typesBytes`: an object or BTF with the
     * struct; `flags`: 1 for rows of an interval. EINVAL: unknown flags or an object that is too
     * large. EMFILE: too many sources. EFAULT: outside the memory. EIO: a schema that cannot be used,
     * which is reported.
     */
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
    /**
     * Takes packed records, and returns their number.
     *
     * `id`: of the source; `data`, `sizeBytes`: the records. EBADF: no such source. EFAULT: outside
     * the memory.
     */
    "records_write": (id: number, data: number, sizeBytes: number) => {
      const sink = sinks[id - 1];
      if (sink === undefined) return -errno("EBADF");
      if (sizeBytes < 0 || !memory.contains(data, sizeBytes)) return -errno("EFAULT");
      return context.answer(() => sink.write(memory.bytes(data, sizeBytes)));
    },
    /**
     * Ends an interval of a source.
     *
     * `id`: of the source. EBADF: no such source.
     */
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
