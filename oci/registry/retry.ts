/** When to try again, and how long to wait before. */
import type { RegistryError } from "../errors.ts";

/** How patient the client is. Tests are less so. */
export interface Timing {
  /** Without a byte in either direction for so long, a connection counts as dead. Milliseconds. */
  readonly idleMs: number;
  /** The same for the answer to an upload that is through: registries hash and move what they got. */
  readonly commitMs: number;
  /** Attempts at one request, the first included. */
  readonly attempts: number;
  /** The wait before the second attempt; it doubles from there. Milliseconds. */
  readonly backoffMs: number;
  /**
   * Time for one request as a whole: login, redirects and the head of the response, and of a small
   * response (manifest, token, list) the body. Milliseconds.
   */
  readonly requestMs: number;
  /**
   * Time for all attempts at one request, waits included. Transfers have none: they move at a least rate,
   * and their count of attempts starts again with progress. Milliseconds.
   */
  readonly attemptsMs: number;
  /** A body with less than this, measured over {@linkcode rateWindowMs}, is given up. */
  readonly leastBytesPerSecond: number;
  /** Milliseconds of waiting for the network. */
  readonly rateWindowMs: number;
  /** Time that the network is waited for, for all pages of a list. Milliseconds. */
  readonly listMs: number;
  /** The longest wait. A registry that asks for a longer one gets its way: we give up. Milliseconds. */
  readonly longestWaitMs: number;
}

/** What suits registries on the Internet. */
export const DEFAULT_TIMING: Timing = {
  idleMs: 30_000,
  commitMs: 300_000,
  requestMs: 60_000,
  attemptsMs: 180_000,
  leastBytesPerSecond: 1024,
  rateWindowMs: 60_000,
  listMs: 120_000,
  attempts: 6,
  backoffMs: 250,
  longestWaitMs: 60_000,
};

/** Answers that may be another one in a moment. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Failures without an answer that may pass. */
const PASSING_CODES = ["UNREACHABLE", "CUT", "TIMEOUT"];

/** Nobody listens there: a registry that starts anew does soon, and a name that is mistyped never. */
const ATTEMPTS_TO_REACH = 3;

/** Who asks for thirty years means never. */
const LONGEST_ASKED_S = 999_999_999;

/** How often an error like this one is tried against in all. */
export function attemptsFor({ code }: RegistryError, timing: Timing): number {
  return code === "UNREACHABLE" ? Math.min(timing.attempts, ATTEMPTS_TO_REACH) : timing.attempts;
}

/** Whether trying again may help. */
export function mayPass(error: RegistryError): boolean {
  return error.status === undefined || error.code === "CUT"
    ? PASSING_CODES.includes(error.code)
    : PASSING.includes(error.status);
}

/**
 * Milliseconds of `Retry-After` (RFC 9110, section 10.2.3), seconds or a date; undefined when it says
 * neither.
 */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST_ASKED_S) * 1000;
  // Only dates that HTTP has: Date.parse() takes much more.
  if (!/^[A-Z][a-z]{2,8},? /.test(text) || text.length > 40) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * How long to wait before attempt `attempt` (2 is the first that waits): doubling, and of that a random
 * half, so that many clients do not come back at once.
 */
export function backoffMs(
  attempt: number,
  timing: Timing,
  random: () => number = Math.random,
): number {
  const full = Math.min(timing.backoffMs * 2 ** (attempt - 2), timing.longestWaitMs);
  return Math.round(full / 2 + random() * full / 2);
}

/** Waits, unless the signal is given first: then its reason is thrown. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const id = setTimeout(resolve, ms);
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    await promise;
  } finally {
    clearTimeout(id);
    signal?.removeEventListener("abort", onAbort);
  }
}
