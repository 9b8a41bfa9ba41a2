/** Output of a plain object's records on standard output. */
import { Output, OUTPUT_FORMATS, type OutputFormat } from "../../records/mod.ts";
import { parseDuration } from "../args/duration.ts";
import type { RunLine } from "../args/run_options.ts";
import { UsageError } from "../errors.ts";
import { BlockingOutput } from "./blocking_output.ts";

/** Settings of the output. */
export interface RecordSettings {
  readonly format: OutputFormat;
  readonly intervalMs?: number;
  readonly count?: number;
}

/** Output, and what it takes of the host. */
export interface RecordOutput extends Disposable {
  readonly output: Output;
}

/** @throws {UsageError} for a wrong value */
export function recordSettings({ values }: RunLine): RecordSettings {
  const { output = "columns", interval, count } = values;
  const format = OUTPUT_FORMATS.find((one) => one === output);
  if (format === undefined) {
    throw new UsageError(`Cannot use --output "${output}": unknown format`);
  }
  if (count !== undefined && !/^[1-9]\d{0,8}$/.test(count)) {
    throw new UsageError(`Cannot use --count "${count}": not a number`);
  }
  return {
    format,
    ...(interval === undefined ? {} : { intervalMs: parseDuration(interval, "--interval") }),
    ...(count === undefined ? {} : { count: Number(count) }),
  };
}

/** Opens the output; before the thread is confined. */
export function openRecordOutput({ format, count }: RecordSettings): RecordOutput {
  const stdout = new BlockingOutput();
  const isTerminal = Deno.stdout.isTerminal();
  const output = new Output({
    sinks: [{
      format,
      write: (bytes) => stdout.write(bytes),
      ...(isTerminal ? { width: () => Deno.consoleSize().columns } : {}),
    }],
    count,
  });
  return { output, [Symbol.dispose]: () => {} };
}
