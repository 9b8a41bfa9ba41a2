/** `host_pid` and `local_offset`: what tools show or leave out, and WASI has no call for. */
import { localOffset } from "../../local_time.ts";

export function hostImports(): WebAssembly.ModuleImports {
  return {
    "host_pid": () => Deno.pid,
    "local_offset": localOffset,
  };
}
