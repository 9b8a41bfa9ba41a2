/** Log of libbpf and the verifier. */
import { shim } from "./library.ts";

/** Returns all messages since the last call; `""` without any. */
export function takeLog(): string {
  const size = shim().shim_log__size();
  if (size === 0) return "";
  const bytes = new Uint8Array(size);
  const length = shim().shim_log__take(bytes, size);
  return new TextDecoder().decode(bytes.subarray(0, length));
}
