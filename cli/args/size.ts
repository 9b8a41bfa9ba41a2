/** Memory sizes on the command line. */
import { UsageError } from "../errors.ts";

const UNIT_BYTES = new Map([["", 1], ["k", 1024], ["m", 1024 ** 2], ["g", 1024 ** 3]]);

/** One page of WebAssembly, its smallest unit of memory. */
const MIN_BYTES = 65536;
/** Reach of 32-bit addresses. */
const MAX_BYTES = 4 * 1024 ** 3;

/** Range of an option; the texts are its bounds in hints. */
export interface SizeRange {
  readonly least: number;
  readonly most: number;
  readonly leastText: string;
  readonly mostText: string;
}

const MEMORY_RANGE = { least: MIN_BYTES, most: MAX_BYTES, leastText: "64K", mostText: "4G" };

/**
 * Returns the bytes of `16777216`, `512K`, `64M` or `64MiB`, `1.5G`: units are powers of 1024.
 * @throws {UsageError} for anything else (`64MB` is ambiguous), for less than 64 KiB, and for more than
 *   4 GiB
 */
export function parseMemorySize(text: string, option: string): number {
  return parseSize(text, option, MEMORY_RANGE);
}

/**
 * Reads a size like {@linkcode parseMemorySize}, in another range.
 *
 * @throws {UsageError} for anything else
 */
export function parseSize(text: string, option: string, range: SizeRange): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(?:([kmg])(?:ib)?)?$/i.exec(text) ?? [];
  const bytes = digits === ""
    ? NaN
    : Math.floor(Number(digits) * (UNIT_BYTES.get(unit.toLowerCase()) ?? NaN));
  if (!(bytes >= range.least && bytes <= range.most)) {
    throw new UsageError(
      `Cannot use ${option} "${text}": invalid size`,
      "write it like 512K, 64M, 64MiB, 1.5G or in bytes; " +
        `at least ${range.leastText}, at most ${range.mostText}`,
    );
  }
  return bytes;
}
