/** The one door to native code: everything that calls the shim. Raw pointers stay inside. */
export { EventBuffer } from "./buffer.ts";
export { describeErrno, ERRNO, errno, type ErrnoName, errnoName } from "./errno.ts";
export { HostError, type HostErrorOptions, ShimError } from "./errors.ts";
export { Interrupt, signals } from "./interrupt.ts";
export { kernel } from "./kernel.ts";
export { libbpfVersion } from "./library.ts";
export { takeLog } from "./log.ts";
export { LinearMemory } from "./memory.ts";
export {
  BpfIterator,
  BpfLink,
  BpfMap,
  BpfObject,
  BpfProgram,
  type ObjectBytes,
  type ProgramCounts,
  type UserPlace,
} from "./object.ts";
export { ProgramStatistics } from "./stats.ts";
export { system } from "./system.ts";
