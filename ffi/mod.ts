/** The one door to native code: everything that calls the shim. Raw pointers stay inside. */
export { EventBuffer } from "./buffer.ts";
export { describeErrno, ERRNO, errno, type ErrnoName, errnoName } from "./errno.ts";
export { HostError, type HostErrorOptions, ShimError } from "./errors.ts";
export {
  DirectoryReader,
  files,
  grants,
  type GuestPath,
  OpenFlag,
  OUTSIDE,
  paths,
  prepareFiles,
  type Resolution,
  sockets,
  type Vectors,
} from "./files.ts";
export { Deadline, Interrupt, signals } from "./interrupt.ts";
export { kernel, readKernelTypesAhead } from "./kernel.ts";
export { readKernelFile } from "./kernel_file.ts";
export { confine, type Grant, landlockVersion } from "./landlock.ts";
export { libbpfVersion, settleShim } from "./library.ts";
export { BpfIterator, BpfLink } from "./link.ts";
export { takeLog } from "./log.ts";
export { BpfMap } from "./map.ts";
export { programId, storeInMap } from "./map_reference.ts";
export { LinearMemory } from "./memory.ts";
export {
  BpfObject,
  BpfProgram,
  type ObjectBytes,
  type ProgramCounts,
  type UserPlace,
} from "./object.ts";
export { ProgramStatistics } from "./stats.ts";
export { system } from "./system.ts";
export { UserRing } from "./user_ring.ts";
