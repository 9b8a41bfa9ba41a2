/** Retry policy and timeouts. */
import type { RegistryError } from "../errors.ts";

/** Timeouts and limits; tests use shorter ones. */
export interface Timing {
  /** Time without data in either direction after which a connection is dead. Milliseconds. */
  readonly idleMs: number;
  /** Idle time for the response to a complete upload: registries hash and move the content. */
  readonly commitMs: number;
  /** Attempts at one request, including the first. */
  readonly attempts: number;
  /** Delay before the second attempt; doubles for each further one. Milliseconds. */
  readonly backoffMs: number;
  /**
   * Time for one request as a whole: login, redirects and the head of the response, and of a small
   * response (manifest, token, list) the body. Milliseconds.
   */
  readonly requestMs: number;
  /**
   * Time for all attempts at one request, including delays. Transfers have none: they have a minimum rate,
   * and progress resets their count of attempts. Milliseconds.
   */
  readonly attemptsMs: number;
  /** Minimum rate of a body, measured over {@linkcode rateWindowMs}. */
  readonly leastBytesPerSecond: number;
  /** Window of the minimum rate: milliseconds of waiting for the network. */
  readonly rateWindowMs: number;
  /** Time of waiting for the network for all pages of a list. Milliseconds. */
  readonly listMs: number;
  /** Maximum delay. If a registry requests a longer one, the request fails. Milliseconds. */
  readonly longestWaitMs: number;
}

/** Defaults for registries on the Internet. */
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

/** Transient statuses. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Codes of transient failures without a response. */
const PASSING_CODES = ["UNREACHABLE", "CUT", "TIMEOUT"];

/** Attempts for a refused connection: a restarting registry recovers soon, a wrong host never does. */
const ATTEMPTS_TO_REACH = 3;

/** Upper bound for Retry-After, in seconds; larger values mean "do not retry". */
const LONGEST_ASKED_S = 999_999_999;

/** Returns the total number of attempts for an error. */
export function attemptsFor({ code }: RegistryError, timing: Timing): number {
  return code === "UNREACHABLE" ? Math.min(timing.attempts, ATTEMPTS_TO_REACH) : timing.attempts;
}

/** Reports whether an error is transient. */
export function mayPass(error: RegistryError): boolean {
  return error.status === undefined || error.code === "CUT"
    ? PASSING_CODES.includes(error.code)
    : PASSING.includes(error.status);
}

/**
 * Parses `Retry-After` (RFC 9110, section 10.2.3), seconds or a date, into milliseconds; undefined when
 * invalid.
 */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST_ASKED_S) * 1000;
  // Only HTTP dates: Date.parse() accepts much more.
  if (!/^[A-Z][a-z]{2,8},? /.test(text) || text.length > 40) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Returns the delay before attempt `attempt`, from 2: it doubles, and half of it is random, so that
 * clients do not retry at the same time.
 */
export function backoffMs(
  attempt: number,
  timing: Timing,
  random: () => number = Math.random,
): number {
  const full = Math.min(timing.backoffMs * 2 ** (attempt - 2), timing.longestWaitMs);
  return Math.round(full / 2 + random() * full / 2);
}

/** Waits. Throws the signal's reason when it aborts first. */
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
