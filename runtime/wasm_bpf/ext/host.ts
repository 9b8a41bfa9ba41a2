/** `host_pid` and `local_offset`: what tools show or leave out, and WASI has no call for. */
import { localOffset } from "../../local_time.ts";

export function hostImports(): WebAssembly.ModuleImports {
  return {
    /**
     * Returns the PID of this process, in its own PID namespace. Reads and writes nothing, and does
     * not fail.
     */
    "host_pid": () => Deno.pid,
    /**
     * Returns the seconds that local time is ahead of UTC at a moment.
     *
     * `seconds`: since 1970. Reads and writes nothing, and does not fail: 0 for moments too far
     * away.
     */
    "local_offset": localOffset,
  };
}
