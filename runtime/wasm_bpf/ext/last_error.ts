/** `last_error` and `last_errno`: in words and by its number, why a call failed. */
import type { HostError } from "../../../ffi/errors.ts";
import { errno } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";

export function lastErrorImports(context: BpfContext): WebAssembly.ModuleImports {
  const { memory } = context;
  let encoded: { error: HostError; bytes: Uint8Array } | undefined;
  return {
    /**
     * Returns the positive errno of the last failed handle, 0 without one. Reads and writes
     * nothing, and does not fail.
     */
    "last_errno": () => context.lastErrno,
    /**
     * Copies the text of the last error that was reported.
     *
     * `buf`, `size`: written, cut to whole characters and ended with NUL; `size` 0 writes nothing.
     *
     * Returns the length of the whole text in bytes, 0 without an error. EFAULT: outside of the
     * memory.
     */
    "last_error": (buffer: number, sizeBytes: number) => {
      const error = context.lastError;
      if (sizeBytes < 0 || !memory.contains(buffer, sizeBytes)) return -errno("EFAULT");
      if (encoded?.error !== error) {
        // A guest asks twice: for the length, and for the text.
        encoded = error && { error, bytes: new TextEncoder().encode(textOf(error)) };
      }
      const bytes = encoded?.bytes ?? new Uint8Array();
      if (sizeBytes > 0) {
        const fitting = wholeCharacters(bytes, sizeBytes - 1);
        memory.write(buffer, fitting);
        memory.setU8((buffer >>> 0) + fitting.length, 0);
      }
      return bytes.length;
    },
  };
}

function textOf({ message, hint, detail }: HostError): string {
  const lines = [message];
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  if (detail !== undefined && detail !== "") lines.push(detail);
  // The guest's text ends at the first NUL.
  return lines.join("\n").replaceAll("\0", "\ufffd");
}

/** At most `limit` bytes from the start, without a cut character at their end. */
function wholeCharacters(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length <= limit) return bytes;
  let end = limit;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
