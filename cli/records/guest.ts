/** Records that a guest emits, shown as the command line requests. */
import { nearest } from "../../ffi/nearest.ts";
import { Btf, ElfFile, isBtf, isElf } from "../../ebpf/btf/mod.ts";
import {
  type Output,
  RecordsError,
  type Schema,
  schemaFromText,
  schemaOf,
  type SinkOptions,
} from "../../records/mod.ts";
import type { GuestRecords, GuestRecordSink } from "../../runtime/command.ts";
import type { PartOfLine } from "../args/options.ts";
import type { RecordOption } from "../args/record_options.ts";
import { EXIT_BROKEN_PIPE, isBrokenPipe } from "../terminal/output_file.ts";
import { openRecordOutput } from "./output.ts";
import { recordSettings } from "./settings.ts";

/** Thrown to end a guest after `--count`. */
class Enough extends Error {}

/**
 * Runs a guest with the output that a command line requests.
 *
 * @param run returns the guest's exit code
 * @returns that code, 0 after `--count`, or 141 when the reader closed standard output
 */
export async function runWithRecords(
  line: PartOfLine<RecordOption>,
  run: (records: GuestRecords) => number,
  feed?: SinkOptions,
): Promise<number> {
  const settings = recordSettings(line);
  using opened = await openRecordOutput(settings, { feed });
  const { output } = opened;
  try {
    const code = run(recordsOf(output));
    output.end();
    return code;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Enough) {
      output.end();
      return 0;
    }
    if (isBrokenPipe(error) || isBrokenPipe(cause)) return EXIT_BROKEN_PIPE;
    output.end();
    throw error;
  }
}

function recordsOf(output: Output): GuestRecords {
  return {
    open: (name, text, { types, isTable }) => {
      const schema = schemaIn(types, text, name);
      return isTable ? tableOf(output, name, schema) : streamOf(output, name, schema);
    },
  };
}

function streamOf(output: Output, name: string, schema: Schema): GuestRecordSink {
  const stream = output.stream(name, schema);
  return {
    write: (records) => {
      checkWhole(records, schema);
      stream.write(records, "packed");
      if (output.done) throw new Enough();
      return records.length / schema.size;
    },
    flush: () => output.interval(),
  };
}

/** Most bytes of a table's rows in one interval. */
const MAX_TABLE_BYTES = 256 << 20;

function tableOf(output: Output, name: string, schema: Schema): GuestRecordSink {
  const table = output.table(name, schema);
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    write: (records) => {
      checkWhole(records, schema);
      size += records.length;
      if (size > MAX_TABLE_BYTES) throw tooMany(name);
      parts.push(records.slice());
      return records.length / schema.size;
    },
    flush: () => {
      const rows = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        rows.set(part, at);
        at += part.length;
      }
      [parts, size] = [[], 0];
      table.rows(rows);
      if (output.done) throw new Enough();
    },
  };
}

function tooMany(name: string): RecordsError {
  return new RecordsError(`Cannot show table "${name}": more than ${MAX_TABLE_BYTES >> 20} MiB`, {
    code: "BAD_RECORDS",
    hint: "flush it more often",
  });
}

function checkWhole(records: Uint8Array, { name, size }: Schema): void {
  if (records.length % size === 0) return;
  throw new RecordsError(`Cannot show ${records.length} bytes as records of "${name}"`, {
    code: "BAD_RECORDS",
    hint: `write whole records of ${size} bytes`,
  });
}

/** Returns the schema of a struct in an object's BTF, or the one that a text describes. */
function schemaIn(types: Uint8Array<ArrayBuffer>, text: string, source: string): Schema {
  if (types.length === 0) return schemaFromText(text, source);
  const btf = new Btf(btfIn(types, text));
  const name = text.replace(/^struct\s+/, "");
  const [id] = btf.find(name, (kind) => kind === STRUCT || kind === TYPEDEF);
  if (id === undefined) throw unknownStruct(btf, name);
  return schemaOf(btf, id);
}

/** `BTF_KIND_*` of types that a schema may name. */
const STRUCT = 4;
const TYPEDEF = 8;

function btfIn(types: Uint8Array<ArrayBuffer>, text: string): Uint8Array<ArrayBuffer> {
  if (isBtf(types)) return types;
  const elf = isElf(types) ? new ElfFile(types) : undefined;
  const section = elf?.section(".BTF");
  if (elf === undefined || section === undefined) {
    throw new RecordsError(`Cannot find struct "${text}": the object has no BTF`, {
      code: "BAD_SCHEMA",
      hint: "compile it with -g",
    });
  }
  return elf.content(section);
}

function unknownStruct(btf: Btf, name: string): RecordsError {
  const names: string[] = [];
  for (let id = 1; id < btf.count && names.length < 4096; id++) {
    if (btf.kind(id) === STRUCT && btf.name(id) !== "") names.push(btf.name(id));
  }
  const close = nearest(name, names);
  return new RecordsError(`Cannot find struct "${name}" in the object's BTF`, {
    code: "BAD_SCHEMA",
    hint: `${close === undefined ? "" : `did you mean "${close}"? `}structs: ${
      names.slice(0, 40).join(", ")
    }`,
  });
}
