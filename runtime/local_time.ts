/** Time zone of the host: what `TZ` or `/etc/localtime` name. */

/** Years that a JavaScript date covers; seconds before or after 1970. */
const MAX_SECONDS = 8_640_000_000_000n;

/**
 * Returns how far local time is ahead of UTC at a moment, in seconds; 0 for moments that no date covers.
 *
 * The first call may read files, so it comes before a thread is confined.
 *
 * @param seconds since 1970, UTC
 */
export function localOffset(seconds: bigint): number {
  if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) return 0;
  // Without -0, which is what a zone at UTC would give.
  return Math.round(-60 * new Date(Number(seconds) * 1000).getTimezoneOffset()) + 0;
}
