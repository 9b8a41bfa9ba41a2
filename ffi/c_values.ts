/** C strings and out-pointers. */
import { describeErrno } from "./errno.ts";
import { loadError } from "./errors.ts";
import { encodeText } from "./raw_text.ts";

/** Encodes a NUL-terminated string for a `const char *` parameter. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encodeText(`${text}\0`);
}

/** Decodes the string of a `const char *` result. */
export function fromCString(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}

/**
 * Calls a function whose last parameter is an out-pointer.
 *
 * @returns the pointer, or the negative errno
 */
export function outPointer(
  call: (out: Uint8Array<ArrayBuffer>) => number,
): Deno.PointerObject | number {
  const out = new BigUint64Array(1);
  const result = call(new Uint8Array(out.buffer));
  if (result < 0) return result;
  const pointer = Deno.UnsafePointer.create(out[0] ?? 0n);
  if (pointer === null) {
    throw loadError(`a call succeeded without a result: ${describeErrno(result)}`);
  }
  return pointer;
}
