/** Statistics of a run as a table and as JSON. */
import type { BufferTotals, GuestStats, ProgramTotals } from "../../runtime/command.ts";
import { UsageError } from "../errors.ts";
import { toJson } from "./output.ts";
import { formatTable } from "./table.ts";

/** Statistics of a run, and for JSON what was granted. */
export type RunStats = GuestStats & { readonly permissions?: unknown };

/** Returns the formatter of `--stats`, or `undefined` without the option. */
export function statsFormat(
  value: string | undefined,
): ((stats: RunStats) => string) | undefined {
  if (value === undefined) return undefined;
  if (value === "") return statsTable;
  if (value === "json") return (stats) => toJson(stats);
  throw new UsageError(
    `Cannot use --stats="${value}": unknown format`,
    "pass --stats or --stats=json",
  );
}

/** Returns the statistics as lines of text. */
export function statsTable(stats: GuestStats): string {
  const { wallMs, waitingMs, runningMs, memoryBytes, processRssBytes } = stats;
  const lines = [
    `time    ${ms(wallMs)}: ${ms(waitingMs)} waiting, ${ms(runningMs)} running`,
    `memory  ${memoryText(memoryBytes)}${megabytes(processRssBytes)} of the whole process`,
  ];
  if (stats.programs.length > 0) lines.push(formatTable(programTable(stats.programs), NUMBERS));
  if (stats.buffers.length > 0) lines.push(formatTable(bufferTable(stats.buffers), NUMBERS));
  return lines.join("\n");
}

/** An object has no memory of its own. */
function memoryText(bytes: number): string {
  return bytes === 0 ? "" : `${megabytes(bytes)} of the module, `;
}

/** Two columns of text, then numbers. */
const NUMBERS = { right: [2, 3, 4, 5] };

function programTable(programs: ProgramTotals[]): string[][] {
  return [
    ["PROGRAM", "SECTION", "RUNS", "MISSED", "TIME", "TIME/RUN"],
    ...programs.map(({ program, section, runs, missedRuns, runTimeNs }) => [
      program,
      section,
      count(runs),
      count(missedRuns),
      runTimeNs === null ? "-" : ms(runTimeNs / 1e6),
      runs === null || runs === 0 || runTimeNs === null
        ? "-"
        : `${Math.round(runTimeNs / runs)} ns`,
    ]),
  ];
}

function bufferTable(buffers: BufferTotals[]): string[][] {
  return [
    ["BUFFER", "TYPE", "DELIVERED", "LOST", "CUT", "BATCHES"],
    ...buffers.map(({ map, type, deliveredEvents, lostEvents, truncatedEvents, batches }) => [
      map,
      type,
      ...[deliveredEvents, lostEvents, truncatedEvents, batches].map(count),
    ]),
  ];
}

function count(value: number | null): string {
  return value === null ? "-" : String(value);
}

function ms(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(3)} s` : `${value.toFixed(3)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
