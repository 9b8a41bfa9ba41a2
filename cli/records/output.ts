/** Output of records on this host: files, terminal, clocks and names. */
import {
  loadFilter,
  Output,
  type OutputFormat,
  type Resolvers,
  type SinkOptions,
} from "../../records/mod.ts";
import { hostClock } from "../../runtime/everything.ts";
import { BlockingOutput, openOutputFile } from "../terminal/output_file.ts";
import { hostNames, kernelEnums } from "./names.ts";
import type { RecordSettings } from "./settings.ts";

/** Output, and what it takes of the host. */
export interface RecordOutput extends Disposable {
  readonly output: Output;
}

/**
 * Opens the files and reads the names that records need, before the thread is confined.
 *
 * @param parts.more lookups in addition to those of the host; with stacks, the kernel's symbols are read
 * @param parts.feed sink in addition to those of the settings
 * @throws {HostError} for a file that cannot be written
 * @throws {RecordsError} `BAD_FILTER`
 */
export async function openRecordOutput(
  settings: RecordSettings,
  { more = {}, feed }: { more?: Resolvers; feed?: SinkOptions | undefined } = {},
): Promise<RecordOutput> {
  const files: BlockingOutput[] = [];
  const sinks = await Promise.all(
    settings.outputs.map(async ({ format, file }): Promise<SinkOptions> => {
      if (file === undefined) return terminalSink(format, settings);
      const opened = await openOutputFile(file);
      files.push(opened);
      return { format, write: (bytes) => opened.write(bytes) };
    }),
  );
  const clock = hostClock();
  // The zone's rules are a file.
  clock.zone(Number(clock.now() / 1_000_000_000n));
  const symbols = more.stack !== undefined ||
    settings.formats.some(({ format }) => format.name === "ksym");
  const enums = kernelEnums(
    settings.formats.flatMap(({ format: { name, argument } }) =>
      /^(enum|flags)$/.test(name) && argument !== undefined ? [argument] : []
    ),
  );
  const output = new Output({
    sinks: feed === undefined ? sinks : [...sinks, feed],
    fields: settings.fields,
    filter: settings.filter === undefined ? undefined : await loadFilter(settings.filter),
    sort: settings.sort,
    limit: settings.limit,
    count: settings.count,
    aggregate: settings.aggregate,
    formats: settings.formats,
    time: settings.time,
    exact: settings.isExact,
    clock: settings.isUtc ? { ...clock, zone: () => 0 } : clock,
    folded: settings.isFolded,
    resolvers: { ...hostNames({ symbols }), enumNames: (name) => enums.get(name), ...more },
  });
  return {
    output,
    [Symbol.dispose]: () => {
      endQuietly(output);
      for (const file of files) file.close();
    },
  };
}

/** After a failure, a terminal's screen is still to be restored. */
function endQuietly(output: Output): void {
  try {
    output.end();
  } catch {
    // The reader closed it: that has been reported.
  }
}

function terminalSink(format: OutputFormat, { color, isTop }: RecordSettings): SinkOptions {
  const stdout = new BlockingOutput(Deno.stdout, "standard output");
  const write = (bytes: Uint8Array) => stdout.write(bytes);
  const isTerminal = Deno.stdout.isTerminal();
  const isColored = color === "always" ||
    (color === "auto" && isTerminal && (Deno.env.get("NO_COLOR") ?? "") === "" &&
      Deno.env.get("TERM") !== "dumb");
  if (!isTerminal) return { format, write, color: color === "always" };
  return {
    format,
    write,
    color: isColored,
    width: () => consoleSize().columns,
    ...(isTop && format === "columns" ? { screen: () => consoleSize().rows } : {}),
  };
}

let lastSize = { columns: 80, rows: 24 };

/** Returns the terminal's size; the last one known where it cannot be read. */
function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) lastSize = { columns, rows };
  } catch {
    // Confined threads, and terminals without a size.
  }
  return lastSize;
}
