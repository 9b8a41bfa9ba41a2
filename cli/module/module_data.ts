/** Initial data of a module's memory (WebAssembly core specification, 5.5.14). */
import {
  type Reader,
  readSections,
  Section,
  sectionReader,
  WasmSyntaxError,
} from "../../runtime/wasm/reader.ts";

const I32_CONST = 0x41, END = 0x0b;
const PASSIVE = 1, WITH_MEMORY = 2;

/** 256 MiB; only the start of a larger memory is built. */
const MAX_IMAGE_BYTES = 256 * 2 ** 20;

interface Segment {
  /** Address in memory; undefined if the module computes it at run time. */
  readonly offset: number | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Returns a valid module's data as laid out in memory: linkers omit zeros, which splits an object into
 * several segments. Segments without a fixed address follow, one at a time.
 */
export function initialData(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const segments = dataSegments(module);
  const fixed = segments.filter(({ offset = MAX_IMAGE_BYTES, bytes }) =>
    offset + bytes.length <= MAX_IMAGE_BYTES
  );
  const end = Math.max(0, ...fixed.map(({ offset = 0, bytes }) => offset + bytes.length));
  const image = new Uint8Array(end);
  for (const { offset = 0, bytes } of fixed) image.set(bytes, offset);
  return [image, ...segments.filter((one) => !fixed.includes(one)).map(({ bytes }) => bytes)];
}

function dataSegments(module: Uint8Array<ArrayBuffer>): Segment[] {
  const segments: Segment[] = [];
  try {
    const reader = sectionReader(module, readSections(module), Section.Data);
    reader?.each(() => segments.push(readSegment(reader, module)));
  } catch (error) {
    // A computed offset, which this reader does not evaluate.
    if (!(error instanceof WasmSyntaxError)) throw error;
  }
  return segments;
}

function readSegment(reader: Reader, module: Uint8Array<ArrayBuffer>): Segment {
  const flags = reader.u32();
  if (flags === WITH_MEMORY) reader.u32();
  const offset = flags === PASSIVE ? undefined : readOffset(reader);
  const { at, end } = reader.part(reader.u32());
  return { offset, bytes: module.subarray(at, end) };
}

/** Reads a constant expression: one instruction, and `end`. */
function readOffset(reader: Reader): number | undefined {
  const isConstant = reader.u8() === I32_CONST;
  const value = isConstant ? reader.s32() >>> 0 : reader.u32();
  if (reader.u8() !== END) throw new WasmSyntaxError(`an offset is computed before ${reader.at}`);
  return isConstant ? value : undefined;
}
