/** Sizes as people write them. */
import { UsageError } from "./errors.ts";

const UNIT_BYTES = new Map([["", 1], ["k", 1024], ["m", 1024 ** 2], ["g", 1024 ** 3]]);

/** A page of WebAssembly: less is none. */
const MIN_BYTES = 65536;
/** What 32-bit addresses reach. */
const MAX_BYTES = 4 * 1024 ** 3;

/**
 * Bytes of `16777216`, `512K`, `64M` or `64MiB`, `1.5G`: units are powers of 1024.
 *
 * @throws {UsageError} for anything else (`64MB`, which may mean either), for less than 64 KiB, and for
 *   more than 4 GiB
 */
export function parseMemorySize(text: string, option: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(?:([kmg])(?:ib)?)?$/i.exec(text) ?? [];
  const bytes = digits === ""
    ? NaN
    : Math.floor(Number(digits) * (UNIT_BYTES.get(unit.toLowerCase()) ?? NaN));
  if (!(bytes >= MIN_BYTES && bytes <= MAX_BYTES)) {
    throw new UsageError(
      `Cannot use ${option} ${text}: it is not a size of memory`,
      "write it like 512K, 64M, 64MiB, 1.5G or in bytes; at least 64K, at most 4G",
    );
  }
  return bytes;
}
