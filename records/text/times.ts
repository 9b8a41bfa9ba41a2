/** Points in time: from the kernel's clocks to wall-clock time. */
import { ascii, i64, padded, u53 } from "./digits.ts";

/** Clocks and time zone of the host, which formats have no access to by themselves. */
export interface Clock {
  /** Wall-clock time in nanoseconds since 1970, UTC. */
  now(): bigint;
  /** Nanoseconds that wall-clock time is ahead of a clock of the kernel. */
  ahead(clock: "monotonic" | "boot"): bigint;
  /** Seconds that local time is ahead of UTC at a moment, in seconds since 1970; 0 for UTC. */
  zone(seconds: number): number;
}

/** Clock for text that needs none: 1970, UTC. */
export const NO_CLOCK: Clock = { now: () => 0n, ahead: () => 0n, zone: () => 0 };

const BILLION = 1_000_000_000;
const TWO_32 = 0x1_0000_0000;
/** Offsets of clocks change when wall-clock time is set: they are read again each minute. */
const REFRESH_NS = 60_000_000_000;
/** Nanoseconds that a double differs by at most, until the year 2100. */
const ROUNDING_NS = 512;
/** Last second of the year 9999, the last one of RFC 3339. */
const LAST_SECOND = 253_402_300_799;
/** Values that look like timestamps: not older than this, in nanoseconds. */
const GUESS_OLD = 24 * 3600 * BILLION;
/** Nor later than now by more than this. */
const GUESS_NEW = 60 * BILLION;

/** Kinds of clocks that a timestamp counts from. */
export const MONOTONIC = 0;
export const BOOT = 1;
export const WALL = 2;

/** Times as text; one for each output. */
export class Times {
  readonly #clock: Clock;
  /** Whole seconds and nanoseconds that wall-clock time is ahead, by clock. */
  readonly #seconds = [0, 0, 0];
  readonly #nanoseconds = [0, 0, 0];
  #read: number | undefined;
  #now = 0n;
  /** Rounded to a double. */
  #nowNumber = 0;
  /** Now by the monotonic and boot clocks, for guesses. */
  #nowMonotonic = 0;
  #nowBoot = 0;
  /** Second that the texts are of. */
  #second = NaN;
  readonly #date = new TextEncoder().encode("0000-00-00T00:00:00");
  #day = NaN;
  #quarter = NaN;
  #offset = 0;
  #suffix = zoneText(0);
  /** Parts of the last split value. */
  #whole = 0;
  #rest = 0;

  constructor(clock: Clock = NO_CLOCK) {
    this.#clock = clock;
  }

  /** Reads the clock; called for each batch. */
  refresh(): void {
    this.#now = this.#clock.now();
    // For each event that comes alone; V8 computes with such integers in many more steps.
    const now = Number(this.#now);
    this.#nowNumber = now;
    if (this.#read === undefined || now - this.#read >= REFRESH_NS || now < this.#read) {
      this.#read = now;
      this.#second = NaN;
      this.#quarter = NaN;
      for (const [index, name] of [[MONOTONIC, "monotonic"], [BOOT, "boot"]] as const) {
        const ahead = this.#clock.ahead(name);
        const seconds = ahead >= 0n
          ? ahead / 1_000_000_000n
          : (ahead - 999_999_999n) / 1_000_000_000n;
        this.#seconds[index] = Number(seconds);
        this.#nanoseconds[index] = Number(ahead - seconds * 1_000_000_000n);
      }
    }
    this.#nowMonotonic = now - this.#ahead(MONOTONIC);
    this.#nowBoot = now - this.#ahead(BOOT);
  }

  #ahead(clock: number): number {
    return (this.#seconds[clock] ?? 0) * BILLION + (this.#nanoseconds[clock] ?? 0);
  }

  /** Reports whether a value is close to now by a clock that programs read. */
  isRecent(low: number, high: number): boolean {
    const value = high * TWO_32 + low;
    const near = (now: number) => value > Math.max(0, now - GUESS_OLD) && value < now + GUESS_NEW;
    return value > BILLION && (near(this.#nowMonotonic) || near(this.#nowBoot));
  }

  #split(low: number, high: number, clock: number): void {
    let whole: number;
    let rest: number;
    if (high < 0x20_0000) {
      const value = high * TWO_32 + low;
      whole = Math.floor(value / BILLION);
      rest = value - whole * BILLION;
      if (rest < 0) {
        whole -= 1;
        rest += BILLION;
      }
    } else {
      const value = BigInt(high) << 32n | BigInt(low);
      whole = Number(value / 1_000_000_000n);
      rest = Number(value % 1_000_000_000n);
    }
    rest += this.#nanoseconds[clock] ?? 0;
    whole += this.#seconds[clock] ?? 0;
    if (rest >= BILLION) {
      rest -= BILLION;
      whole += 1;
    }
    this.#whole = whole;
    this.#rest = rest;
  }

  /** Makes the texts those of a second. */
  #enter(second: number): void {
    this.#second = second;
    // Zones change at quarters of an hour.
    const quarter = Math.floor(second / 900);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      const offset = this.#clock.zone(second);
      if (offset !== this.#offset) this.#suffix = zoneText(offset);
      this.#offset = offset;
    }
    const local = second + this.#offset;
    const day = Math.floor(local / 86_400);
    if (day !== this.#day) this.#enterDay(day);
    const ofDay = local - day * 86_400;
    const hours = Math.floor(ofDay / 3600);
    const minutes = Math.floor(ofDay / 60) - hours * 60;
    padded(this.#date, 11, hours, 2);
    padded(this.#date, 14, minutes, 2);
    padded(this.#date, 17, ofDay - hours * 3600 - minutes * 60, 2);
  }

  #enterDay(day: number): void {
    this.#day = day;
    const date = new Date(day * 86_400_000);
    padded(this.#date, 0, date.getUTCFullYear(), 4);
    padded(this.#date, 5, date.getUTCMonth() + 1, 2);
    padded(this.#date, 8, date.getUTCDate(), 2);
  }

  /**
   * Writes a timestamp as a JSON string of RFC 3339 with nanoseconds, or as a number if it is beyond the
   * year 9999; 37 bytes at most.
   */
  json(b: Uint8Array, p: number, low: number, high: number, clock: number): number {
    this.#split(low, high, clock);
    return this.#json(b, p, low, high);
  }

  #json(b: Uint8Array, p: number, low: number, high: number): number {
    const whole = this.#whole;
    if (whole < 0 || whole > LAST_SECOND - 86_400) return i64(b, p, low, high);
    if (whole !== this.#second) this.#enter(whole);
    b[p++] = 34;
    const date = this.#date;
    for (let i = 0; i < 19; i++) b[p + i] = date[i] ?? 0;
    p += 19;
    b[p++] = 46;
    p = padded(b, p, this.#rest, 9);
    const suffix = this.#suffix;
    for (let i = 0; i < suffix.length; i++) b[p++] = suffix[i] ?? 0;
    b[p++] = 34;
    return p;
  }

  /** Writes a timestamp as `HH:MM:SS.mmm`, or as a number if it is beyond the year 9999. */
  plain(b: Uint8Array, p: number, low: number, high: number, clock: number): number {
    this.#split(low, high, clock);
    const whole = this.#whole;
    if (whole < 0 || whole > LAST_SECOND - 86_400) return i64(b, p, low, high);
    if (whole !== this.#second) this.#enter(whole);
    p = this.#timeOfDay(b, p);
    b[p++] = 46;
    return padded(b, p, Math.floor(this.#rest / 1_000_000), 3);
  }

  #timeOfDay(b: Uint8Array, p: number): number {
    const date = this.#date;
    for (let i = 11; i < 19; i++) b[p++] = date[i] ?? 0;
    return p;
  }

  /** Writes a value as a time if it is close to now, as a number if not. */
  guess(b: Uint8Array, p: number, low: number, high: number): number {
    if (!this.isRecent(low, high)) return u53or64(b, p, low, high);
    const value = high * TWO_32 + low;
    const isBoot = Math.abs(value - this.#nowBoot) < Math.abs(value - this.#nowMonotonic);
    return this.plain(b, p, low, high, isBoot ? BOOT : MONOTONIC);
  }

  /** Writes the time of the last {@linkcode refresh} as `HH:MM:SS`. */
  nowPlain(b: Uint8Array, p: number): number {
    let second = Math.floor(this.#nowNumber / BILLION);
    const rest = this.#nowNumber - second * BILLION;
    // Rounded, it may be of the next second.
    if (rest < ROUNDING_NS) second = Number(this.#now / 1_000_000_000n);
    if (second !== this.#second) this.#enter(second);
    return this.#timeOfDay(b, p);
  }

  /** Writes the time of the last {@linkcode refresh} as a JSON string. */
  nowJson(b: Uint8Array, p: number): number {
    return this.json(b, p, Number(this.#now & 0xffff_ffffn), Number(this.#now >> 32n), WALL);
  }
}

function u53or64(b: Uint8Array, p: number, low: number, high: number): number {
  return high < 0x20_0000 ? u53(b, p, high * TWO_32 + low) : i64or(b, p, low, high);
}

function i64or(b: Uint8Array, p: number, low: number, high: number): number {
  return ascii(b, p, `${BigInt(high) << 32n | BigInt(low)}`);
}

function zoneText(offset: number): Uint8Array<ArrayBuffer> {
  if (offset === 0) return new TextEncoder().encode("Z");
  const minutes = Math.round(Math.abs(offset) / 60);
  const two = (n: number) => String(n).padStart(2, "0");
  return new TextEncoder().encode(
    `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
  );
}
