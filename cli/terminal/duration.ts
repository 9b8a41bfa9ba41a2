/** Durations on the command line. */
import { UsageError } from "../errors.ts";

const UNIT_MS = new Map([["ms", 1], ["s", 1000], ["m", 60_000], ["h", 3_600_000]]);

/** 32 bits of milliseconds: 49 days. setitimer(2) would accept more. */
const MAX_MS = 0xffff_ffff;

/** Ten updates a second; a slower display looks stuck. */
const MAX_LATENCY_MS = 100;

/**
 * Returns the milliseconds of `0`, `500us`, `1ms`.
 *
 * @throws {UsageError} for anything else, and for more than 100 ms
 */
export function parseLatency(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text);
  const unit = new Map([["us", 0.001], ["ms", 1], ["s", 1000]]).get(match?.[2] ?? "");
  const ms = text === "0" ? 0 : Number(match?.[1] ?? NaN) * (unit ?? NaN);
  if (ms >= 0 && ms <= MAX_LATENCY_MS) return ms;
  throw new UsageError(
    `Cannot use ${option} "${text}": invalid latency`,
    "write it like 500us or 1ms, at most 100ms; 0 reads every event at once",
  );
}

/**
 * Returns the milliseconds of `500ms`, `1.5s`, `2m`, `1h`; a bare number is seconds, as for sleep(1).
 *
 * @throws {UsageError} for anything else, for zero, and for more than 49 days
 */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = UNIT_MS.get(match?.[2] ?? "s");
  const ms = Math.round(Number(match?.[1] ?? NaN) * (unit ?? NaN));
  if (!(ms >= 1 && ms <= MAX_MS)) {
    throw new UsageError(
      `Cannot use ${option} "${text}": invalid duration`,
      "write it like 500ms, 1.5s, 2m or 1h; at least 1ms, at most 49 days",
    );
  }
  return ms;
}
