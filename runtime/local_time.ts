/** Time zone of the host: what `TZ` names or describes, or `/etc/localtime` names. */

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

const DAY_SECONDS = 86_400;
/** Rules of a zone with a summer time and without rules; glibc has the same. */
const DEFAULT_RULES = ",M3.2.0,M11.1.0";
const DEFAULT_TIME_SECONDS = 7200;

const NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
const OFFSET = "([+-]?)(\\d{1,3})(?::(\\d{1,2}))?(?::(\\d{1,2}))?";
const rule = () =>
  new RegExp(`^(M(\\d{1,2})\\.(\\d)\\.(\\d)|J(\\d{1,3})|(\\d{1,3}))(?:/${OFFSET})?$`);
const zone = () => new RegExp(`^${NAME}${OFFSET}(?:${NAME}(?:${OFFSET})?(,.*)?)?$`);
const hasSummer = () => new RegExp(`^${NAME}${OFFSET}${NAME}`);

/** Returns the local offset of a moment in seconds; both count from 1970, UTC. */
export type Zone = (seconds: number) => number;

/** Second of a year, counted from its start in local time. */
type Rule = (year: number) => number;

/** Seconds of `[+-]hh[:mm[:ss]]`; `undefined` beyond the hours that it may have. */
function duration(parts: readonly (string | undefined)[], maxHours: number): number | undefined {
  const [sign, hours = "0", minutes = "0", seconds = "0"] = parts;
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  if (h > maxHours || m > 59 || s > 59) return undefined;
  const total = h * 3600 + m * 60 + s;
  return sign === "-" ? -total : total;
}

function startOfYear(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1) / 1000;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Day of the year, from 0, of weekday `day` in week `week` of a month, of which 5 is the last. */
function dayOf(year: number, month: number, week: number, day: number): number {
  const first = new Date(new Date(0).setUTCFullYear(year, month - 1, 1));
  const days = new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
  let date = 1 + (day - first.getUTCDay() + 7) % 7 + (week - 1) * 7;
  if (date > days) date -= 7;
  return (first.getTime() / 1000 - startOfYear(year)) / DAY_SECONDS + date - 1;
}

function parseRule(text: string): Rule | undefined {
  const match = rule().exec(text);
  if (match === null) return undefined;
  const [, , month, week, weekday, julian, day, ...time] = match;
  const at = match[8] === undefined ? DEFAULT_TIME_SECONDS : duration(time, 167);
  if (at === undefined) return undefined;
  if (month !== undefined) {
    const [m, w, d] = [Number(month), Number(week), Number(weekday)];
    if (m < 1 || m > 12 || w < 1 || w > 5 || d > 6) return undefined;
    return (year) => dayOf(year, m, w, d) * DAY_SECONDS + at;
  }
  if (julian !== undefined) {
    const number = Number(julian);
    if (number < 1 || number > 365) return undefined;
    // 29 February has no number.
    return (year) => (number - 1 + (isLeap(year) && number >= 60 ? 1 : 0)) * DAY_SECONDS + at;
  }
  const number = Number(day);
  return number > 365 ? undefined : () => number * DAY_SECONDS + at;
}

/** Reads a description; `undefined` when the text is not one. */
export function parsePosixZone(text: string): Zone | undefined {
  const match = zone().exec(text);
  if (match === null) return undefined;
  const west = duration(match.slice(1, 5), 24);
  if (west === undefined) return undefined;
  const standard = 0 - west;
  if (!hasSummer().test(text)) return () => standard;
  const summerWest = match[6] === undefined ? west - 3600 : duration(match.slice(5, 9), 24);
  const [begin = "", end = "", ...more] = (match[9] ?? DEFAULT_RULES).slice(1).split(",");
  const [starts, ends] = [parseRule(begin), parseRule(end)];
  if (summerWest === undefined || starts === undefined || ends === undefined || more.length > 0) {
    return undefined;
  }
  const summer = 0 - summerWest;
  return (seconds) => {
    const year = new Date(seconds * 1000).getUTCFullYear();
    // A rule's time is that of the clock before the change.
    const start = startOfYear(year) + starts(year) - standard;
    const stop = startOfYear(year) + ends(year) - summer;
    const isSummer = start <= stop
      ? seconds >= start && seconds < stop
      : seconds >= start || seconds < stop;
    return isSummer ? summer : standard;
  };
}
