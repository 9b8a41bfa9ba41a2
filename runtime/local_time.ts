/** Time zone of the host: what `TZ` names or describes, or `/etc/localtime` names. */
import { parsePosixZone, type Zone } from "./posix_zone.ts";

/** Years that a JavaScript date covers; seconds before or after 1970. */
const MAX_SECONDS = 8_640_000_000_000n;

/** Zone that `TZ` describes; `null` where JavaScript's dates have the right one. */
let described: Zone | null | undefined;

/** Reads `TZ` as glibc does: the name of a file first, then a description. */
function readZone(): Zone | null {
  const name = (Deno.env.get("TZ") ?? "").replace(/^:/, "");
  const zone = parsePosixZone(name);
  return zone === undefined || hasFile(name) ? null : zone;
}

function hasFile(zone: string): boolean {
  try {
    return Deno.statSync(`/usr/share/zoneinfo/${zone}`).isFile;
  } catch {
    return false;
  }
}

/**
 * Returns how far local time is ahead of UTC at a moment, in seconds; 0 for moments that no date covers.
 *
 * The first call may read files, so it comes before a thread is confined.
 *
 * @param seconds since 1970, UTC
 */
export function localOffset(seconds: bigint): number {
  if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) return 0;
  if (described === undefined) described = readZone();
  if (described !== null) return described(Number(seconds));
  // Without -0, which is what a zone at UTC would give.
  return Math.round(-60 * new Date(Number(seconds) * 1000).getTimezoneOffset()) + 0;
}
