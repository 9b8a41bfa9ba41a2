/** Iterators: what they print is copied by lines, and records are decoded. */
import {
  type EventType,
  type EventTypes,
  type PlainSession,
  readIterator,
} from "../../ebpf/plain/mod.ts";
import {
  type RecordTaker,
  type Schema,
  type SchemaHints,
  schemaOf,
  type StreamSink,
} from "../../records/mod.ts";
import type { interruptible } from "../../runtime/command.ts";
import { withStacks } from "./stack_fields.ts";
import type { Tool } from "./tool.ts";

type Interrupt = Parameters<Parameters<typeof interruptible>[1]>[0];

/** Iterator programs whose output is one source. */
export interface IteratorSource {
  readonly source: string;
  readonly programs: readonly string[];
  /** Type of its records; undefined for text. */
  readonly type: EventType | undefined;
  readonly hints: SchemaHints | undefined;
  /** Marks the fields that are stacks. */
  readonly mark: (schema: Schema) => Schema;
  sink?: StreamSink;
}

/** `bpf_seq_write`; `bpf_seq_printf` prints text. */
const SEQ_WRITE = 127;

/** Reports whether programs of a section are iterators. */
export function isIterator(section: string): boolean {
  return /^iter(\.s)?\//.test(section);
}

/** Returns the iterators of a tool that show something: those of a declaration together, others alone. */
export function iteratorsOf(
  tool: Tool,
  typesOf: (program: string) => EventTypes,
): IteratorSource[] {
  const declared = tool.iterators.flatMap(({ programs }) => programs);
  const others = tool.file.programs.filter(({ name, section }) =>
    isIterator(section) && !declared.includes(name) && tool.fillers?.includes(name) !== true
  );
  return [
    ...tool.iterators,
    ...others.map(({ name }) => ({ source: name, programs: [name] })),
  ].map(({ source, programs }) => {
    const writes = tool.file.programs.some(({ name, calls }) =>
      programs.includes(name) && calls.helpers.has(SEQ_WRITE)
    );
    const [first = ""] = programs;
    const type = writes ? typesOf(first).types[0] : undefined;
    const mark = (schema: Schema) => withStacks(schema, tool.file, tool.stacks?.get(source));
    return { source, programs, type, hints: tool.hints.get(source), mark };
  });
}

/** Runs the programs of a source to their end; false when an interrupt ended one. */
export function showIterator(
  session: PlainSession,
  source: IteratorSource,
  output: RecordTaker,
  interrupt: Interrupt,
): boolean {
  for (const name of source.programs) {
    for (const link of session.links.get(name) ?? []) {
      const onBytes = source.type === undefined
        ? textWriter(output, source.source)
        : recordWriter(output, source, source.type);
      const isWhole = readIterator(link, { interrupt, name, onBytes: (bytes) => onBytes(bytes) });
      onBytes(undefined);
      if (!isWhole) return false;
      if (output.done) return true;
    }
  }
  return true;
}

/** Runs an iterator that fills a map to its end; false when an interrupt ended it. */
export function runIterator(session: PlainSession, name: string, interrupt: Interrupt): boolean {
  return (session.links.get(name) ?? []).every((link) =>
    readIterator(link, { interrupt, name, onBytes: () => {} })
  );
}

type Writer = (bytes: Uint8Array<ArrayBuffer> | undefined) => void;

/** Copies lines; undefined ends the last one. */
function textWriter(output: RecordTaker, source: string): Writer {
  const decoder = new TextDecoder();
  let rest = "";
  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: bytes !== undefined })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (!output.done) output.text(source, line);
    if (bytes === undefined && rest !== "") output.text(source, rest);
  };
}

/** Decodes records, which may be cut between two reads. */
function recordWriter(
  output: RecordTaker,
  source: IteratorSource,
  { type, bytes: size, name }: EventType,
): Writer {
  source.sink ??= output.stream(
    source.source,
    source.mark(schemaOf(type.btf, type.id, { name, ...source.hints })),
    type,
  );
  const { sink } = source;
  let rest = new Uint8Array();
  return (bytes) => {
    if (bytes === undefined) return;
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    const whole = all.length - all.length % size;
    rest = all.slice(whole);
    if (whole > 0) sink.write(all.subarray(0, whole), "packed");
  };
}
