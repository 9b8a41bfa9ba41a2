/** Progress of transfers: bars on a terminal, lines in a log, nothing with `--quiet`. */
import type { TransferObserver } from "../../oci/mod.ts";
import { printError, visibleLine } from "./output.ts";
import { cutToWidth, padToWidth } from "./table.ts";
import { formatBytes, formatSeconds } from "./units.ts";

/** One transfer, such as a layer's. */
export interface Transfer {
  /** Sets the transferred bytes; fewer than before after an interrupted connection. */
  update(bytes: number): void;
  /** Shows a reason for waiting, until the next update. */
  note(text: string): void;
  /** Ends it with a result: `pulled`, `there already`. */
  end(outcome: string): void;
}

/** Display of transfers. */
export interface Progress extends Disposable {
  /** Starts to show a transfer of `size` bytes; undefined if the server does not send the size. */
  start(name: string, size: number | undefined): Transfer;
  /** Prints a message on its own line. */
  say(text: string): void;
}

/** Output and clock of a display; the defaults are standard error and the system clock. */
export interface ProgressOptions {
  quiet?: boolean;
  isTerminal?: boolean;
  columns?: () => number;
  now?: () => number;
  write?: (text: string) => void;
}

/** Minimum time between redraws of a terminal. */
const REDRAW_MS = 100;
/** Time between two lines about one transfer in a log. */
const LOG_MS = 10_000;
/** Time span of the rate. */
const RATE_MS = 3000;
const DEFAULT_COLUMNS = 80;
const BAR_CELLS = 24;
const MAX_NAME = 24;

const SILENT: Progress = {
  start: () => ({ update() {}, note() {}, end() {} }),
  say() {},
  [Symbol.dispose]() {},
};

/** Returns the display for standard error. */
export function openProgress(options: ProgressOptions = {}): Progress {
  if (options.quiet) return SILENT;
  const isTerminal = options.isTerminal ??
    (Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb");
  return isTerminal ? new TerminalProgress(options) : new LogProgress(options);
}

/** Rate of one transfer. */
class Meter {
  readonly #now: () => number;
  #samples: { at: number; bytes: number }[] = [];
  bytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  update(bytes: number): void {
    // Bytes from an earlier run do not count, and a lost connection resets the rate.
    if (this.#samples.length === 0 || bytes < this.bytes) {
      this.#samples = [{ at: this.#now(), bytes }];
    }
    this.bytes = bytes;
  }

  /** Recent bytes per second. */
  get rate(): number {
    const now = this.#now();
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return 0;
    if (now - last.at >= REDRAW_MS) this.#samples.push({ at: now, bytes: this.bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > RATE_MS) {
      this.#samples.shift();
    }
    return now > first.at ? Math.max(0, this.bytes - first.bytes) / (now - first.at) * 1000 : 0;
  }
}

interface Row {
  readonly name: string;
  readonly size: number | undefined;
  readonly meter: Meter;
  note?: string | undefined;
  outcome?: string;
}

/** One line per transfer, redrawn in place. The cursor stays below, so nothing needs to be restored. */
class TerminalProgress implements Progress {
  readonly #columns: () => number;
  readonly #now: () => number;
  readonly #write: (text: string) => void;
  #rows: Row[] = [];
  #drawn = 0;
  #drawnAt = -Infinity;
  #timer: number | undefined;

  constructor(options: ProgressOptions) {
    this.#columns = options.columns ?? terminalColumns;
    this.#now = options.now ?? (() => performance.now());
    this.#write = options.write ?? writeToTerminal;
  }

  start(name: string, size: number | undefined): Transfer {
    const row: Row = { name, size, meter: new Meter(this.#now) };
    this.#rows.push(row);
    this.#changed();
    return {
      update: (bytes) => {
        row.meter.update(bytes);
        row.note = undefined;
        this.#changed();
      },
      note: (text) => {
        row.note = text;
        this.#changed();
      },
      end: (outcome) => {
        row.outcome = outcome;
        this.#changed();
      },
    };
  }

  say(text: string): void {
    this.#draw(visibleLine(text));
  }

  #changed(): void {
    const due = this.#drawnAt + REDRAW_MS - this.#now();
    if (due <= 0) this.#draw();
    else this.#timer ??= setTimeout(() => this.#draw(), due);
  }

  /** Draws the active rows below the finished ones and a message, which stay. */
  #draw(line?: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const width = Math.max(20, this.#columns()) - 1;
    const up = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A`;
    const kept = line === undefined ? "" : `\r\x1b[K${line}\n`;
    const { done = [], going = [] } = Object.groupBy(
      this.#rows,
      ({ outcome }) => outcome === undefined ? "going" : "done",
    );
    const rows = [...done, ...going].map((row) => `\r\x1b[K${cutToWidth(describe(row), width)}\n`);
    this.#write(up + kept + rows.join(""));
    this.#rows = going;
    this.#drawn = this.#rows.length;
    this.#drawnAt = this.#now();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#draw();
  }
}

function describe({ name, size, meter, note, outcome }: Row): string {
  const label = padToWidth(cutToWidth(visibleLine(name), MAX_NAME), MAX_NAME);
  const word = outcome ?? note;
  const { bytes, rate } = meter;
  const amount = formatBytes(size ?? bytes).padStart(8);
  if (word !== undefined) return `${label}  ${amount}  ${visibleLine(word)}`;
  if (size === undefined) return `${label}  ${amount}  ${formatBytes(rate)}/s`;
  const share = size === 0 ? 1 : Math.min(1, bytes / size);
  const full = Math.floor(share * BAR_CELLS);
  const bar = "=".repeat(full) + (full < BAR_CELLS ? ">" : "") + " ".repeat(BAR_CELLS);
  const left = rate === 0 ? "" : `  ${formatSeconds((size - bytes) / rate)} left`;
  return `${label}  ${amount}  [${bar.slice(0, BAR_CELLS)}] ` +
    `${String(Math.floor(share * 100)).padStart(3)}%  ${formatBytes(rate)}/s${left}`;
}

/** Log of transfers: a line at the end of each, and every ten seconds. */
class LogProgress implements Progress {
  readonly #now: () => number;
  readonly #write: (text: string) => void;

  constructor(options: ProgressOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#write = options.write ?? ((text) => printError(text.trimEnd()));
  }

  start(name: string, size: number | undefined): Transfer {
    const meter = new Meter(this.#now);
    const label = visibleLine(name);
    let saidAt = this.#now();
    return {
      update: (bytes) => {
        meter.update(bytes);
        const { rate } = meter;
        if (this.#now() - saidAt < LOG_MS) return;
        saidAt = this.#now();
        const whole = size === undefined ? "" : ` of ${formatBytes(size)}`;
        const through = `${formatBytes(bytes)}${whole}`;
        this.#write(`${label}: ${through}, ${formatBytes(rate)}/s\n`);
      },
      note: (text) => this.#write(`${label}: ${visibleLine(text)}\n`),
      end: (outcome) => this.#write(`${label}: ${formatBytes(size ?? meter.bytes)} ${outcome}\n`),
    };
  }

  say(text: string): void {
    this.#write(`${visibleLine(text)}\n`);
  }

  [Symbol.dispose](): void {}
}

function terminalColumns(): number {
  try {
    // A terminal may report no size.
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS;
  }
}

function writeToTerminal(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let left = bytes; left.length > 0;) left = left.subarray(Deno.stderr.writeSync(left));
  } catch {
    // The terminal is gone.
  }
}

const TITLE = "org.opencontainers.image.title";
const DIGEST_DIGITS = 12;

/**
 * Shows each part by its file's name, or by its digest.
 *
 * @param done result that is shown for a transferred part, such as `pulled`
 */
export function observing(progress: Progress, done: string): TransferObserver {
  return {
    start({ digest, size, annotations, mediaType }) {
      const short = digest.slice(digest.indexOf(":") + 1).slice(0, DIGEST_DIGITS);
      const isConfig = /config|empty|container\.image/.test(mediaType);
      const name = annotations?.[TITLE] ?? `${isConfig ? "config" : "layer"} ${short}`;
      const transfer = progress.start(name, size);
      return {
        update: (bytes) => transfer.update(bytes),
        wait: () => transfer.note("another process is pulling it"),
        end: (outcome) => transfer.end(outcome === "moved" ? done : outcome),
      };
    },
  };
}
