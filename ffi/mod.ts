/** Interface to native code: all calls of the shim. Raw pointers stay inside. */
export { AttachRules } from "./attach_rules.ts";
export { loginUid, sendToLog } from "./audit.ts";
export { Budget, type BudgetLimits } from "./budget.ts";
export { EventBuffer } from "./buffer.ts";
export { descriptorsLeft } from "./system.ts";
export { decodeText, encodeText } from "./c_values.ts";
export { describeErrno, ERRNO, errno, type ErrnoName, errnoName } from "./errno.ts";
export { HostError, type HostErrorOptions, ShimError } from "./errors.ts";
export { confinement, type Grant, landlockVersion, seccompAvailability } from "./confinement.ts";
export { DirectoryReader } from "./directory.ts";
export { prepareFiles } from "./file.ts";
export { files, type Vectors } from "./file.ts";
export { grants } from "./grants.ts";
export { FeedPipe } from "./feed.ts";
export { Deadline, Interrupt, signals, Ticker } from "./interrupt.ts";
export { kernel, readKernelTypesAhead } from "./kernel.ts";
export { hasHelper, KernelFeature, tryFeature } from "./kernel_probe.ts";
export { KernelFile, readKernelFile } from "./kernel_file.ts";
export { type ReadLimit, WaitingFile } from "./waiting_file.ts";
export { libbpfVersion, settleShim } from "./library.ts";
export { BpfIterator, BpfLink } from "./link.ts";
export { takeLog } from "./log.ts";
export { BpfMap } from "./map.ts";
export { programId, storeInMap } from "./map_reference.ts";
export { LinearMemory } from "./memory.ts";
export { type HeldPart, type RemainingMap, settleHeld, settleRemains } from "./remains.ts";
export {
  BpfObject,
  BpfProgram,
  type ObjectBytes,
  ProbeRefusal,
  probeRefusal,
  type ProgramCounts,
  type UserPlace,
} from "./object.ts";
export { type GuestPath, OpenFlag, OUTSIDE, paths, type Resolution } from "./path_beneath.ts";
export { ScreenKeeper } from "./screen.ts";
export { sockets } from "./socket.ts";
export { ProgramStatistics } from "./stats.ts";
export { supervision } from "./supervision.ts";
export { system } from "./system.ts";
export { Terminal } from "./terminal.ts";
export { bufferDescriptor, hasReader, PrintedLines, WaitingCommand } from "./tracing.ts";
export { type ControlGroup, hostFiles } from "./host_files.ts";
export { type MappedFile, mappedFiles } from "./mapped_files.ts";
export { UserRing } from "./user_ring.ts";
export { prepareTracing } from "./tracing.ts";
