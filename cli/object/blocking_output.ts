/** Standard output, written to the end. */
import { HostError } from "../../ffi/errors.ts";

/** Writes everything, or throws an error with an errno name. */
export class BlockingOutput {
  /** @throws {HostError} `EPIPE` when the reader closed it */
  write(bytes: Uint8Array): void {
    try {
      for (let left = bytes; left.length > 0;) {
        left = left.subarray(Deno.stdout.writeSync(left));
      }
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
      throw new HostError("Cannot write standard output", { code, cause });
    }
  }
}
