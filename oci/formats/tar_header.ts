/** The headers of tar archives: POSIX.1-2008, pax(1), "ustar Interchange Format" and "pax Header". */
import { ArtifactError } from "../errors.ts";

/** Fields of a header block. */
export interface TarHeader {
  readonly path: string;
  /** Bytes of the body. */
  readonly size: number;
  /** One character. */
  readonly type: string;
}

const NAME = [0, 100], SIZE = [124, 136], CHECKSUM = [148, 156], TYPE = 156;
const MAGIC = [257, 265], PREFIX = [345, 500];

/**
 * Reads a header block.
 *
 * @returns nothing at the end of the archive: no block, or one of zeros
 * @throws {ArtifactError} `BAD_LAYER`
 */
export function readHeader(block: Uint8Array | undefined, what: string): TarHeader | undefined {
  if (block === undefined || block.every((byte) => byte === 0)) return undefined;
  checkSum(block, what);
  const name = text(block, NAME);
  // In GNU's own format, other fields are where POSIX has the prefix.
  const isPosix = text(block, MAGIC) === "ustar" && block[263] === 0x30;
  const prefix = isPosix ? text(block, PREFIX) : "";
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    size: number(block, SIZE, what),
    type: String.fromCharCode(block[TYPE] ?? 0),
  };
}

function checkSum(block: Uint8Array, what: string): void {
  const expected = number(block, CHECKSUM, what);
  const [start = 0, end = 0] = CHECKSUM;
  let unsigned = 0, signed = 0;
  block.forEach((byte, index) => {
    const value = index >= start && index < end ? 0x20 : byte;
    unsigned += value;
    // Old writers add them up as signed.
    signed += value > 127 ? value - 256 : value;
  });
  if (expected !== unsigned && expected !== signed) {
    throw bad(what, "not a tar archive, or damaged: invalid header checksum");
  }
}

function field(block: Uint8Array, [start, end]: readonly number[]): Uint8Array {
  return block.subarray(start, end);
}

/** Up to the first NUL. */
function text(block: Uint8Array, range: readonly number[]): string {
  const bytes = field(block, range);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits; or, as GNU writes what does not fit, binary with the first bit set. */
function number(block: Uint8Array, range: readonly number[], what: string): number {
  const bytes = field(block, range);
  const first = bytes[0] ?? 0;
  if (first >= 0x80) {
    const rest = Uint8Array.of(first & 0x7f, ...bytes.subarray(1));
    const value = rest.reduce((sum, byte) => sum * 256 + byte, 0);
    if (first === 0xff || !Number.isSafeInteger(value)) throw bad(what, "a size is out of range");
    return value;
  }
  const digits = text(block, range).trim();
  if (!/^[0-7]*$/.test(digits)) {
    throw bad(what, "not a tar archive: invalid octal number in the header");
  }
  return digits === "" ? 0 : parseInt(digits, 8);
}

/**
 * The records of a pax header: `LENGTH KEY=VALUE\n`, the length in bytes of all of it.
 *
 * @throws {ArtifactError} `BAD_LAYER`
 */
export function paxRecords(bytes: Uint8Array, what: string): Map<string, string> {
  const records = new Map<string, string>();
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = decoder.decode(bytes.subarray(at, space < 0 ? at : Math.min(space, at + 10)));
    const end = at + Number(digits);
    const record = decoder.decode(bytes.subarray(space + 1, end));
    const equals = record.indexOf("=");
    const isWhole = /^[1-9]\d*$/.test(digits) && end <= bytes.length && end > space &&
      equals > 0 && record.endsWith("\n");
    if (!isWhole) throw bad(what, "an extended header is not what it should be");
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    at = end;
  }
  return records;
}

function bad(what: string, reason: string): ArtifactError {
  return new ArtifactError(`Cannot read ${what}: ${reason}`, { code: "BAD_LAYER" });
}
