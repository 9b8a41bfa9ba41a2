/** Printed lines as records: the task that ran meanwhile, and the text. */
import { inlineType, type PrintedLine, typed } from "../../ebpf/plain/mod.ts";
import { type Output, type Schema, schemaOf, type StreamSink } from "../../records/mod.ts";

const COMM_BYTES = 16, PID_AT = 16, TEXT_AT = 20, TEXT_BYTES = 1024, HEADER_BYTES = 8;

/** Returns the schema of printed lines. */
function printSchema(): Schema {
  const { btf, id } =
    typed("printk", inlineType(`{char comm[16]; u32 pid; char text[${TEXT_BYTES}];}`))
      .type;
  return schemaOf(btf, id, { name: "printk" });
}

/** Source of the printed lines of an output. */
export class PrintSink {
  readonly #sink: StreamSink;
  readonly #encoder = new TextEncoder();

  constructor(output: Output) {
    this.#sink = output.stream("printk", printSchema());
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
