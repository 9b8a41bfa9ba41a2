/** Records that a guest emits, shown as the command line requests. */
import {
  checkWhole,
  declaredHistogram,
  guestSchema,
  MAX_TABLE_BYTES,
  type RecordTaker,
  type Schema,
  type SinkOptions,
  tooManyRows,
} from "../../records/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import {
  type GuestRecords,
  type GuestRecordSink,
  HostFunctionError,
} from "../../runtime/command.ts";
import type { PartOfLine } from "../args/options.ts";
import type { RecordOption } from "../args/record_options.ts";
import { EXIT_BROKEN_PIPE, isBrokenPipe } from "../terminal/output_file.ts";
import { checkReader } from "../terminal/reader.ts";
import { endQuietly, openRecordOutput, type RecordOutput } from "./output.ts";
import { type RecordSettings, recordSettings } from "./settings.ts";

/** Thrown to end a guest after `--count`. */
class Enough extends Error {}

/**
 * Runs a guest with the output that a command line requests.
 *
 * @param run returns the guest's exit code
 * @param more.feed sink in addition to those of the command line
 * @param more.over returns the taker of the records, which hands them to the output
 * @returns that code, 0 after `--count`, or 141 when the reader closed standard output
 */
export async function runWithRecords(
  line: PartOfLine<RecordOption | "timeout">,
  run: (parts: { records: GuestRecords; onIgnoredSignal: () => void }) => number,
  { feed, over = (output) => output }: {
    feed?: SinkOptions;
    over?: ((output: RecordTaker) => RecordTaker) | undefined;
  } = {},
): Promise<number> {
  const settings = recordSettings(line);
  using opened = await openRecordOutput(settings, { feed, timeout: line.values.timeout });
  const { output } = opened;
  try {
    const pending: (() => void)[] = [];
    const code = run({
      records: recordsOf(opened, over(output), settings, pending),
      // Nothing after the run is reached then: arrays are closed, and the last table stays.
      onIgnoredSignal: () => opened[Symbol.dispose](),
    });
    for (const show of pending) show();
    output.end();
    return code;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Enough) {
      output.end();
      return 0;
    }
    if (isBrokenPipe(error) || isBrokenPipe(cause)) return EXIT_BROKEN_PIPE;
    endQuietly(output);
    // The output failed, not a function that an embedder gave.
    throw error instanceof HostFunctionError && cause instanceof HostError ? cause : error;
  }
}

/** Milliseconds between two looks at the reader of standard output. */
const READER_MS = 250;
/** Milliseconds between two looks at keys and at the clock, while a guest waits. */
const LOOK_MS = 100;

function recordsOf(
  { output, screen }: RecordOutput,
  taker: RecordTaker,
  { intervalMs, outputs }: RecordSettings,
  pending: (() => void)[],
): GuestRecords {
  let next = performance.now() + (intervalMs ?? Infinity);
  const attend = () => {
    const now = intervalMs === undefined ? 0 : performance.now();
    if (intervalMs !== undefined && now >= next) {
      next = now + intervalMs;
      output.interval();
    }
    if (screen?.attend(output) === true || output.done) throw new Enough();
  };
  const periods = [
    ...(intervalMs === undefined ? [] : [Math.max(1, intervalMs)]),
    ...(screen === undefined && intervalMs === undefined ? [] : [LOOK_MS]),
    ...(outputs.some(({ file }) => file === undefined) ? [READER_MS] : []),
  ];
  return {
    // A guest blocks the thread.
    attendEveryMs: periods.length === 0 ? undefined : Math.min(...periods),
    attend: () => {
      if (periods.includes(READER_MS)) checkReader();
      attend();
    },
    finish: () => output.resume(),
    open: (name, text, { types, isTable }) => {
      const { schema } = guestSchema(types, text, name);
      if (!isTable) return streamOf(taker, name, { schema, attend });
      return tableOf(taker, name, { schema, attend }, pending);
    },
  };
}

/** Schema of a source, and what is done after its records: looks at keys and at `--count`. */
interface GuestSource {
  readonly schema: Schema;
  readonly attend: () => void;
}

function streamOf(output: RecordTaker, name: string, source: GuestSource): GuestRecordSink {
  const { schema, attend } = source;
  const stream = output.stream(name, schema);
  return {
    write: (records) => {
      checkWhole(records, schema);
      stream.write(records, "packed");
      attend();
      return records.length / schema.size;
    },
    flush: () => {
      output.interval();
      attend();
    },
  };
}

/** @param pending takes what shows the rows that a guest has not flushed when it ends */
function tableOf(
  output: RecordTaker,
  name: string,
  { schema, attend }: GuestSource,
  pending: (() => void)[],
): GuestRecordSink {
  const spec = declaredHistogram(schema);
  // A guest's rows are those of the interval alone.
  const table = spec === undefined
    ? output.table(name, schema)
    : output.histogram(name, schema, spec, { isCleared: true });
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    const rows = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      rows.set(part, at);
      at += part.length;
    }
    [parts, size] = [[], 0];
    table.rows(rows);
    attend();
  };
  pending.push(() => {
    if (size > 0) flush();
  });
  return {
    write: (records) => {
      checkWhole(records, schema);
      size += records.length;
      if (size > MAX_TABLE_BYTES) throw tooManyRows(name);
      parts.push(records.slice());
      return records.length / schema.size;
    },
    flush,
  };
}
