/** Open sources of one run: reads and shows them until its end. */
import { MapType } from "../../ebpf/mod.ts";
import {
  BufferReader,
  countPrograms,
  type EventTypes,
  MapReader,
  nowMs,
  type PlainSession,
  PrintReader,
  runLoop,
  type Source,
  type Timer,
  type TracedCommand,
} from "../../ebpf/plain/mod.ts";
import type { RecordTaker, Schema } from "../../records/mod.ts";
import type { interruptible } from "../../runtime/command.ts";
import { type KernelFilter, LOOK_MS } from "../containers/kernel_filter.ts";
import { LIVE_TABLE_MS, type LiveSink } from "../startup/figures.ts";
import { formatError, printError, visibleLine } from "../terminal/output.ts";
import { formatCount } from "../terminal/units.ts";
import { EventSink, PrintSink } from "./event_sink.ts";
import { GlobalSource, type GlobalWish } from "./global_source.ts";
import { runIterator, showIterator } from "./iterator_source.ts";
import { withStacks } from "./stack_fields.ts";
import type { Stacks } from "./stacks.ts";
import type { RunScreen } from "../records/screen.ts";
import type { ObjectStatistics, ObjectTotals } from "./statistics.ts";
import { TableSource } from "./table_source.ts";
import type { TableWish } from "./tool.ts";
import type { EventWish, Sources } from "./sources.ts";

type Interrupt = Parameters<Parameters<typeof interruptible>[1]>[0];

/** Time between two looks at the traced command, which may be short; and looks per one at tables. */
const NOTE_MS = 50, NOTES_PER_TABLE = 5;

/** Time between two looks at the size of a screen, and at the reader of standard output. */
const SCREEN_MS = 100, READER_MS = 250;

/** Signals that end a command. */
const SIGTERM = 15, SIGCONT = 18;

/**
 * Time that a command gets to end by itself after Ctrl-C, and after SIGTERM; between two looks at it.
 * Both are within the grace of `--timeout`.
 */
const OWN_END_MS = 500, COMMAND_END_MS = 1000, COMMAND_LOOK_MS = 20;

/** Buffer with what was read of it. */
interface OpenBuffer {
  readonly name: string;
  readonly isRing: boolean;
  readonly reader: BufferReader;
  readonly counts: { events: number; batches: number };
}

/** Bytes before a framed record. */
const HEADER_BYTES = 8;

/** Counts the records of a framed batch. */
function eventsIn(batch: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  let events = 0;
  for (let at = 0; at + HEADER_BYTES <= batch.length; events++) {
    at += HEADER_BYTES + Math.ceil(view.getUint32(at, true) / 8) * 8;
  }
  return events;
}

/** Adds counters of 4 or 8 bytes up; those of several CPUs are padded to 8. */
function sumOf(values: Uint8Array<ArrayBuffer>, bytes: number): bigint {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const stride = values.length > bytes ? Math.ceil(bytes / 8) * 8 : bytes;
  let sum = 0n;
  for (let at = 0; at + bytes <= values.length; at += stride) {
    sum += bytes === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
  }
  return sum;
}

/** Surroundings of open sources. */
export interface OpenParts {
  readonly output: RecordTaker;
  /** Screen of `--top`. */
  readonly screen?: RunScreen | undefined;
  /** Looks at the reader of standard output; throws when it is gone. */
  readonly checkReader?: (() => void) | undefined;
  /** True if a wait returns -ERESTART when that reader is gone: an idle run need not look. */
  readonly isReaderWatched: boolean;
  readonly interrupt: Interrupt;
  readonly latencyMs: number;
  readonly stacks: Stacks;
  /** Gets the figures of the run at an interval. */
  readonly live?: LiveSink | undefined;
  /** Gets them at the end, and whenever they are requested. */
  readonly statistics?: ObjectStatistics | undefined;
  /** Gets warnings, each a line; default: standard error. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Returns the line for a terminal whose run has shown nothing for some time. */
  readonly waitingText?: ((lastTables: readonly string[]) => string) | undefined;
  /** Containers that the kernel's programs are to look at. */
  readonly filter?: KernelFilter | undefined;
}

/** Time without a record after which a terminal gets a note. */
const WAITING_MS = 2000;

/** Word that never changes. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Open sources; `dispose` closes them. */
export class OpenSources implements Disposable {
  readonly #sources: Sources;
  readonly #session: PlainSession;
  readonly #output: RecordTaker;
  readonly #screen: RunScreen | undefined;
  readonly #checkReader: (() => void) | undefined;
  readonly #isReaderWatched: boolean;
  readonly #interrupt: Interrupt;
  readonly #held = new DisposableStack();
  readonly #readers: (BufferReader | PrintReader)[] = [];
  #printed: PrintReader | undefined;
  readonly #buffers: OpenBuffer[] = [];
  readonly #live: LiveSink | undefined;
  readonly #statistics: ObjectStatistics | undefined;
  #isCounting = false;
  readonly #events: { readonly wish: EventWish; readonly sink: EventSink }[] = [];
  readonly #tables: (TableSource | GlobalSource)[] = [];
  readonly #stacks: Stacks;
  readonly #warn: (text: string) => void;
  readonly #filter: KernelFilter | undefined;
  readonly #waitingText: OpenParts["waitingText"];
  #notes = 0;
  #isOver = false;
  /** True after the first record, line or row. */
  #hasShown = false;

  constructor(
    sources: Sources,
    session: PlainSession,
    parts: OpenParts,
  ) {
    const { output, screen, checkReader, interrupt, latencyMs, stacks, live, statistics, warn } =
      parts;
    const { filter, waitingText } = parts;
    this.#waitingText = waitingText;
    this.#warn = warn ?? ((text) => printError(visibleLine(text)));
    this.#sources = sources;
    this.#session = session;
    this.#output = output;
    this.#screen = screen;
    this.#checkReader = checkReader;
    this.#isReaderWatched = parts.isReaderWatched;
    this.#interrupt = interrupt;
    this.#stacks = stacks;
    this.#held.use(stacks.open(session, interrupt));
    this.#live = live;
    this.#statistics = statistics;
    this.#filter = filter;
    try {
      const filled = filter?.open(session);
      if (filled !== undefined) this.#held.use(filled);
      if (this.#isMeasured) this.#startCounting();
      for (const wish of sources.events) this.#openEvents(wish, latencyMs);
      for (const wish of sources.tables) this.#openTable(wish);
      for (const wish of sources.globals) this.#openGlobals(wish);
      if (sources.printsLines) this.#openPrinted();
    } catch (error) {
      this.#held.dispose();
      throw error;
    }
  }

  #openEvents(wish: EventWish, latencyMs: number): void {
    const { map, types } = wish;
    const loaded = this.#session.map(map.name);
    if (loaded === undefined) return;
    const { tool } = this.#sources;
    const source = tool.sourceNames.get(map.name) ?? map.name;
    const isPadded = map.type === MapType.PerfEventArray;
    const hints = tool.hints.get(map.name);
    const mark = (schema: Schema) => withStacks(schema, tool.file, tool.stacks?.get(map.name));
    const sink = new EventSink(this.#output, { source, types, isPadded, hints, mark });
    if (types.types.length === 0) this.#warn(adviceFor(map.name, types));
    const counts = { events: 0, batches: 0 };
    const write = (batch: Uint8Array<ArrayBuffer>) => {
      this.#hasShown = true;
      sink.write(batch);
    };
    const countAndWrite = (batch: Uint8Array<ArrayBuffer>) => {
      counts.events += eventsIn(batch);
      counts.batches += 1;
      write(batch);
    };
    const reader = this.#held.use(
      new BufferReader(loaded, {
        interrupt: this.#interrupt,
        latencyMs,
        onBatch: this.#isMeasured ? countAndWrite : write,
      }),
    );
    this.#readers.push(reader);
    const isRing = map.type === MapType.RingBuffer;
    this.#buffers.push({ name: map.name, isRing, reader, counts });
    this.#events.push({ wish, sink });
  }

  /** True if figures of the run are reported. */
  get #isMeasured(): boolean {
    return this.#live !== undefined || this.#statistics !== undefined;
  }

  /** Without the right to count, all other figures are reported. */
  #startCounting(): void {
    try {
      this.#held.use(countPrograms());
      this.#isCounting = true;
    } catch (error) {
      this.#live?.error(error);
      printError(formatError(error, { verbose: false }));
    }
  }

  /** Reports the figures of the run. */
  reportFigures(): void {
    if (this.#live === undefined) return;
    const { programs, buffers } = this.#totals();
    this.#live.figures({ programs, buffers: buffers.map(({ type: _, ...rest }) => rest) });
  }

  #totals(): ObjectTotals {
    const programs = [...this.#session.programs.values()].flatMap((program) => {
      const counts = program.counts();
      const { name, section } = program;
      if (counts === undefined) return [];
      return [
        this.#isCounting
          ? {
            program: name,
            section,
            runs: counts.runs,
            runTimeNs: counts.timeNs,
            missedRuns: counts.missed,
          }
          : { program: name, section, runs: null, runTimeNs: null, missedRuns: null },
      ];
    });
    const buffers = this.#buffers.map(({ name, isRing, reader, counts }) => ({
      map: name,
      type: isRing ? "ringbuf" as const : "perf_event_array" as const,
      deliveredEvents: counts.events,
      lostEvents: this.#lostIn(name, reader),
      truncatedEvents: 0,
      batches: counts.batches,
    }));
    return { programs, buffers };
  }

  /** Returns the events that a buffer lost; null for a ring buffer whose program does not count them. */
  #lostIn(name: string, reader: BufferReader): number | null {
    const full = this.#fullIn(name);
    const map = this.#sources.tool.file.map(name);
    if (full === undefined && map?.type !== MapType.PerfEventArray) return null;
    return (full ?? 0) + reader.lost;
  }

  #openTable(wish: TableWish): void {
    const loaded = this.#session.map(wish.map);
    if (loaded === undefined) return;
    const reader = this.#held.use(new MapReader(loaded, this.#interrupt));
    const { filledBy } = wish;
    const fill = filledBy === undefined ? undefined : () => this.#fill(filledBy);
    this.#tables.push(new TableSource(this.#output, reader, this.#sources.tableParts(wish), fill));
  }

  /** Fills a table. After an interrupt, by one read alone: an iterator may never end by itself. */
  #fill(program: string): void {
    const isLast = this.#isOver;
    if (isLast) this.#interrupt.raise();
    const isWhole = runIterator(this.#session, program, this.#interrupt);
    if (isLast) this.#interrupt.take();
    // Left for the next wait, which ends by it.
    else if (!isWhole) this.#interrupt.raise();
  }

  #openGlobals(wish: GlobalWish): void {
    const loaded = this.#session.map(wish.section);
    if (loaded === undefined) return;
    const reader = this.#held.use(new MapReader(loaded, this.#interrupt));
    const { tool: { file }, settings: { intervalMs } } = this.#sources;
    this.#tables.push(new GlobalSource(this.#output, reader, { file, wish, intervalMs }));
  }

  #openPrinted(): void {
    const sink = new PrintSink(this.#output);
    const reader = PrintReader.open((line) => {
      this.#hasShown = true;
      sink.write(line);
    });
    if (typeof reader === "number") {
      this.#warn("warning: lines that programs print are not shown: tracefs cannot be used");
      return;
    }
    this.#printed = this.#held.use(reader);
    this.#readers.push(reader);
  }

  /** Shows everything until an interrupt, the end of the command, or a limit. */
  run(command: TracedCommand | undefined): void {
    const { iterators, settings } = this.#sources;
    const timers: Timer[] = this.#tables.filter(({ wish }) => wish.intervalMs !== undefined)
      .map((table) => ({ periodMs: table.wish.intervalMs ?? 0, due: () => this.#show(table) }));
    const showIterators = () => {
      for (const source of iterators) {
        if (!showIterator(this.#session, source, this.#output, this.#interrupt)) {
          this.#isOver = true;
          return;
        }
      }
    };
    if (iterators.length > 0) {
      showIterators();
      if (settings.intervalMs === undefined) {
        if (this.#readers.length + this.#tables.length === 0 && command === undefined) return;
      } else timers.push({ periodMs: settings.intervalMs, due: showIterators });
    }
    const { intervalMs } = settings;
    if (intervalMs !== undefined) {
      timers.push({ periodMs: intervalMs, due: () => this.#output.interval() });
    }
    const filter = this.#filter;
    if (filter !== undefined) timers.push({ periodMs: LOOK_MS, due: () => filter.refresh() });
    if (this.#stacks.isUsed) timers.push({ periodMs: NOTE_MS, due: () => this.#noteProcesses() });
    const readers: Source[] = [...this.#readers];
    if (command !== undefined) {
      readers.push({ descriptor: command.descriptor, drain: () => 0 });
    }
    const checkReader = this.#checkReader;
    if (checkReader !== undefined && !this.#isReaderWatched) {
      timers.push({ periodMs: READER_MS, due: checkReader });
    }
    if (this.#screen !== undefined) this.#watch(this.#screen, readers, timers);
    if (this.#live !== undefined) {
      timers.push({ periodMs: this.#live.everyMs, due: () => this.reportFigures() });
      for (const table of this.#tables.filter(({ wish }) => wish.intervalMs === undefined)) {
        timers.push({ periodMs: LIVE_TABLE_MS, due: () => table.refresh() });
      }
    }
    if (this.#waitingText !== undefined && command === undefined && Deno.stderr.isTerminal()) {
      timers.push({ periodMs: WAITING_MS, due: () => this.#noteWaiting() });
    }
    const end = runLoop({
      interrupt: this.#interrupt,
      sources: readers,
      timers,
      isDone: () => this.#isOver || this.#output.done || (command?.exitCode ?? -1) >= 0,
      attend: () => this.#attend(),
    });
    this.#isOver = end === "interrupted";
  }

  /** Looks at what may have ended a wait: the reader is gone, or statistics are requested. */
  #attend(): void {
    this.#checkReader?.();
    const { attentions } = this.#interrupt;
    if (attentions === this.#attended) return;
    this.#attended = attentions;
    this.#statistics?.print(this.#totals());
  }
  #attended = 0;

  /** True if nothing was there to be shown. */
  get isIdle(): boolean {
    return !this.#hasShown && this.#sources.iterators.length === 0;
  }

  #show(table: TableSource | GlobalSource): void {
    if (table.show()) this.#hasShown = true;
  }

  /** Names, once, what a silent run waits for. */
  #noteWaiting(): void {
    const text = this.isIdle && !this.#isNoted ? this.#waitingText : undefined;
    this.#isNoted = true;
    if (text === undefined) return;
    const last = this.#readers.length > 0
      ? []
      : this.#tables.filter(({ wish }) => wish.intervalMs === undefined);
    this.#warn(text(last.map(({ wish }) => wish.source ?? wish.map)));
  }
  #isNoted = false;

  /** Handles keys as they come, and changes of the terminal soon. */
  #watch(screen: RunScreen, readers: Source[], timers: Timer[]): void {
    const attend = () => {
      if (screen.attend()) this.#isOver = true;
    };
    timers.push({ periodMs: SCREEN_MS, due: attend });
    const { descriptor } = screen;
    if (descriptor === undefined) return;
    const drain = () => {
      attend();
      return 0;
    };
    readers.push({ descriptor, drain });
  }

  /** Processes of tables may end before the tables are shown. */
  #noteProcesses(): void {
    const pids = new Set<number>();
    if (this.#notes++ % NOTES_PER_TABLE === 0) {
      for (const table of this.#tables) for (const pid of table.processes()) pids.add(pid);
    }
    this.#stacks.note(pids);
  }

  /** Shows what came until now, and the last tables. */
  finish(): void {
    this.#screen?.resume();
    if (!this.#output.done) {
      for (const reader of this.#readers) reader.drainRest(() => this.#output.done);
    }
    for (const table of this.#tables) if (!this.#output.done) this.#show(table);
    this.reportFigures();
  }

  /** Warns about what was lost, and about records without a type. */
  reportLosses(): void {
    for (const { name } of this.#buffers) this.#reportFull(name);
    for (const { name, reader } of this.#buffers) {
      if (reader.lost === 0) continue;
      const lost = formatCount(reader.lost, "event");
      const text = `warning: map "${name}": ${lost} lost: they came faster than they were read`;
      this.#warn(text);
    }
    for (const table of this.#tables) {
      if (!(table instanceof TableSource) || table.fullSize === undefined) continue;
      const { map } = table.wish;
      const advice = `pass --map-size ${map}=${table.fullSize * 4}`;
      this.#warn(`warning: map "${map}" was full: rows may be missing; ${advice}`);
    }
    const lines = this.#printed?.lost ?? 0;
    if (lines > 0) {
      const count = formatCount(lines, "printed line");
      this.#warn(`warning: ${count} lost: they came faster than they were read`);
    }
    for (const { wish, sink } of this.#events) {
      if (wish.types.types.length === 0 || sink.unknownSizes.size === 0) continue;
      const sizes = [...sink.unknownSizes].join(", ");
      const text = `warning: map "${wish.map.name}": records of ${sizes} bytes are of another type`;
      this.#warn(`${text}; pass --event ${wish.map.name}=TYPE,TYPE`);
    }
  }

  /** Warns about records for which a ring buffer had no room, if the programs count them. */
  #reportFull(name: string): void {
    const lost = this.#fullIn(name) ?? 0;
    if (lost === 0) return;
    const reason = "the buffer was full";
    this.#warn(`warning: map "${name}": ${formatCount(lost, "event")} lost: ${reason}`);
  }

  /** Returns the records for which a ring buffer had no room; undefined if the programs do not count them. */
  #fullIn(name: string): number | undefined {
    const counter = this.#sources.lossMap(name);
    const map = counter === undefined ? undefined : this.#session.map(counter.name);
    if (counter === undefined || map === undefined) return undefined;
    using reader = new MapReader(map, this.#interrupt);
    // Of one CPU: the loaded map's value has those of all.
    return Number(sumOf(reader.read().values, counter.valueBytes));
  }

  /**
   * Ends a command that goes on, and returns its exit code. Ctrl-C has reached it as well: it gets time
   * to end by itself. One that is stopped has to continue for that.
   */
  endCommand(command: TracedCommand): number {
    if (this.#isOver) this.#waitFor(command, OWN_END_MS);
    if (command.exitCode < 0) {
      command.signal(SIGTERM);
      command.signal(SIGCONT);
      this.#waitFor(command, COMMAND_END_MS);
    }
    if (command.exitCode >= 0) return command.exitCode;
    this.#warn(`warning: the command goes on as process ${command.pid}: it ignores SIGTERM`);
    return 128 + SIGTERM;
  }

  #waitFor(command: TracedCommand, timeoutMs: number): void {
    const until = nowMs() + timeoutMs;
    // Without the interrupt, which has been reported and would end each wait at once.
    while (command.exitCode < 0 && nowMs() < until) Atomics.wait(NEVER, 0, 0, COMMAND_LOOK_MS);
  }

  [Symbol.dispose](): void {
    this.#statistics?.stop();
    this.#statistics?.note(this.#totals());
    this.#held.dispose();
  }
}

/** Returns one line: what is known, and the ways to name the type. */
export function adviceFor(map: string, { sizes, candidates }: EventTypes): string {
  const size = sizes.length === 0 ? "" : ` of ${sizes.join(" or ")} bytes`;
  const fitting = candidates.length === 0
    ? ""
    : ` (structs of that size: ${candidates.join(", ")})`;
  return `note: map "${map}": the object does not say what its records${size} are${fitting}: ` +
    `pass --event ${map}=TYPE, compile it with -g and without strip, or declare ` +
    "__type(value, struct TYPE) in the map";
}
