// SPDX-License-Identifier: MIT
/** Facts about the host that WASI does not give. */
import { hostPidOf, localOffsetAt } from "./imports";

/** Returns the seconds that the host's local time is ahead of UTC, at a moment in seconds since 1970. */
export function localOffset(seconds: i64): i32 {
  return localOffsetAt(seconds);
}

/** Returns the PID of the process that runs the guest, for tools that leave themselves out. */
export function hostPid(): i32 {
  return hostPidOf();
}
