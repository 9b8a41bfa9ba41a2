/** Output of records on this host: files, terminal, clocks and names. */
import {
  loadFilter,
  Output,
  type OutputFormat,
  type Resolvers,
  type SinkOptions,
} from "../../records/mod.ts";
import { hostClock } from "../../runtime/everything.ts";
import { UsageError } from "../errors.ts";
import { BlockingOutput, openOutputFile } from "../terminal/output_file.ts";
import { standardOutput } from "../terminal/reader.ts";
import { hostNames, kernelEnums } from "./names.ts";
import { consoleSize, TopScreen } from "./screen.ts";
import type { RecordSettings } from "./settings.ts";

/** Output, and what it takes of the host. */
export interface RecordOutput extends Disposable {
  readonly output: Output;
  /** Screen of `--top` on a terminal. */
  readonly screen?: TopScreen | undefined;
}

/**
 * Opens the files and reads the names that records need, before the thread is confined.
 *
 * @param parts.more lookups in addition to those of the host; with stacks, the kernel's symbols are read
 * @param parts.feed sink in addition to those of the settings
 * @param parts.keys false to leave standard input to others
 * @param parts.timeout value of `--timeout`, which bounds the wait for the reader of a FIFO
 * @throws {HostError} for a file that cannot be written
 * @throws {RecordsError} `BAD_FILTER`
 */
export async function openRecordOutput(
  settings: RecordSettings,
  { more = {}, feed, keys = true, timeout }: {
    more?: Resolvers;
    feed?: SinkOptions | undefined;
    keys?: boolean;
    timeout?: string | undefined;
  } = {},
): Promise<RecordOutput> {
  using opening = new DisposableStack();
  const filter = settings.filter === undefined ? undefined : await loadFilter(settings.filter);
  const screen = screenOf(settings, keys);
  if (screen !== undefined) opening.use(screen);
  const sinks = await Promise.all(
    settings.outputs.map(async ({ format, file }): Promise<SinkOptions> => {
      if (file === undefined) return terminalSink(format, settings, screen);
      const opened = await openOutputFile(file, timeout);
      opening.defer(() => opened.close());
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
    filter,
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
  const held = opening.move();
  return {
    output,
    screen,
    [Symbol.dispose]: () => {
      endQuietly(output);
      held.dispose();
    },
  };
}

/** After a failure, a terminal's screen is still to be restored. */
export function endQuietly(output: Output): void {
  try {
    output.end();
  } catch {
    // The reader closed it: that has been reported.
  }
}

/** Returns the screen that the settings request, where standard output is a terminal. */
function screenOf({ outputs, isTop }: RecordSettings, keys: boolean): TopScreen | undefined {
  const isShown = outputs.some(({ format, file }) => format === "columns" && file === undefined);
  return isTop && isShown && Deno.stdout.isTerminal() ? TopScreen.open({ keys }) : undefined;
}

function terminalSink(
  format: OutputFormat,
  { color, isTop }: RecordSettings,
  screen: TopScreen | undefined,
): SinkOptions {
  const stdout = new BlockingOutput(standardOutput, "standard output");
  const write = (bytes: Uint8Array) => stdout.write(bytes);
  const isTerminal = Deno.stdout.isTerminal();
  if (isTerminal && format === "raw") {
    throw new UsageError("Cannot write raw records to a terminal", "give them a file: -o raw=FILE");
  }
  const isColored = color === "always" ||
    (color === "auto" && isTerminal && (Deno.env.get("NO_COLOR") ?? "") === "" &&
      Deno.env.get("TERM") !== "dumb");
  if (!isTerminal) return { format, write, color: color === "always" };
  const width = () => consoleSize().columns;
  if (!isTop || format !== "columns") return { format, write, color: isColored, width };
  return {
    format,
    color: isColored,
    width,
    write: (bytes) => {
      // A stopped job, or one in the background, would draw over others.
      if (screen?.isShown !== false) write(bytes);
    },
    screen: () => {
      screen?.enter();
      return consoleSize().rows;
    },
  };
}
