/** Creates valid and invalid tar archives for tests. */

/** Entry; defaults are those of a regular file. */
export interface TarItem {
  path: string;
  body?: Uint8Array;
  /** Type: `0` for a file, `5` for a directory, `2` for a symbolic link. */
  type?: string;
  /** Size in place of the body's. */
  size?: number;
  prefix?: string;
  /** Use GNU's encoding of large sizes. */
  binarySize?: boolean;
  /** Magic and version: POSIX, or what GNU writes. */
  magic?: string;
  /** True for a correct checksum. */
  isDamaged?: boolean;
}

const BLOCK = 512;

function header(item: TarItem): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  const put = (at: number, text: string) => block.set(encoder.encode(text), at);
  const size = item.size ?? item.body?.length ?? 0;
  put(0, item.path);
  put(100, "0000644\0");
  if (item.binarySize) {
    new DataView(block.buffer).setBigUint64(128, BigInt(size));
    block[124] = 0x80;
  } else put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(156, item.type ?? "0");
  put(257, item.magic ?? "ustar\x0000");
  put(345, item.prefix ?? "");
  put(148, "        ");
  const sum = block.reduce((total, byte) => total + byte, item.isDamaged ? 1 : 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Returns an archive of these entries, with two zero blocks at its end. */
export function makeTar(items: readonly TarItem[]): Uint8Array<ArrayBuffer> {
  const parts = items.flatMap((item) => {
    const body = item.body ?? new Uint8Array(0);
    return [header(item), body, new Uint8Array((BLOCK - body.length % BLOCK) % BLOCK)];
  });
  return joined([...parts, new Uint8Array(2 * BLOCK)]);
}

/** Returns a pax extended header with these records. */
export function paxHeader(records: Record<string, string>, type = "x"): TarItem {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const length = new TextEncoder().encode(rest).length;
    // The length includes its own digits.
    const digits = String(length + String(length + 3).length).length;
    return `${length + digits}${rest}`;
  });
  return { path: "pax", type, body: new TextEncoder().encode(lines.join("")) };
}

/** Concatenates arrays. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns a stream of chunks of at most `size` bytes. */
export async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}
