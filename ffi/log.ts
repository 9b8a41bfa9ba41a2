/** What libbpf and the verifier say. */
import { shim } from "./library.ts";

/** Everything said since the last call; `""` when nothing was. */
export function takeLog(): string {
  const size = shim().shim_log__size();
  if (size === 0) return "";
  const bytes = new Uint8Array(size);
  const length = shim().shim_log__take(bytes, size);
  return new TextDecoder().decode(bytes.subarray(0, length));
}
