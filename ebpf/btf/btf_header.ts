/** The header of BTF: where its types and its names are. */
import { BtfError } from "./errors.ts";

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
/** The kernel takes 16 MiB; its own BTF has 6. */
const MAX_BYTES = 64 << 20;

/**
 * Cuts BTF into its two parts.
 *
 * @throws {BtfError} when the header is damaged, big-endian or of a newer version
 */
export function splitBtf(
  bytes: Uint8Array<ArrayBuffer>,
): { types: Uint8Array<ArrayBuffer>; strings: Uint8Array<ArrayBuffer> } {
  if (bytes.length > MAX_BYTES) throw new BtfError("it has more than 64 MiB");
  if (bytes.length < HEADER_BYTES) throw new BtfError("it is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, false) === MAGIC) {
    throw new BtfError("it is big-endian; guests are little-endian", {
      code: "BIG_ENDIAN",
      hint: "compile the eBPF half with -target bpfel",
    });
  }
  if (view.getUint16(0, true) !== MAGIC) throw new BtfError("wrong magic number");
  if (view.getUint8(2) !== 1) {
    throw new BtfError(`it is of version ${view.getUint8(2)}, and only version 1 is supported`);
  }
  const header = view.getUint32(4, true);
  if (header < HEADER_BYTES || header > bytes.length) throw new BtfError("its header is cut off");
  const part = (what: string, at: number) => {
    const start = header + view.getUint32(at, true);
    const end = start + view.getUint32(at + 4, true);
    if (end > bytes.length) throw new BtfError(`its ${what} lie outside of it`);
    return { start, end, content: bytes.subarray(start, end) };
  };
  const types = part("types", 8);
  const strings = part("names", 16);
  if (types.start < strings.end && strings.start < types.end) {
    throw new BtfError("its types and names overlap");
  }
  if (strings.content[0] !== 0 || strings.content.at(-1) !== 0) {
    throw new BtfError("its names are not enclosed by NUL", {
      hint: "pass the kernel's BTF: that of a module depends on it",
    });
  }
  return { types: types.content, strings: strings.content };
}

/** Reports whether the bytes begin as raw BTF does, of either byte order. */
export function isBtf(bytes: Uint8Array): boolean {
  return bytes.length >= 2 &&
    (bytes[0] === 0x9f && bytes[1] === 0xeb || bytes[0] === 0xeb && bytes[1] === 0x9f);
}
