/**
 * Runs that outlive a terminal: definitions, supervisors, logs.
 *
 * The state of a run is in files that only its user can change; a lock that the kernel releases
 * reports whether it runs.
 *
 * @module
 */
export {
  CAPABILITIES,
  capabilitiesFor,
  type Capability,
  capabilityBits,
  capabilityNames,
  isCapability,
  type RunNeeds,
} from "./capabilities.ts";
export { checkName, type Definition, isRunName } from "./definition.ts";
export { HostError, type HostErrorOptions } from "../ffi/errors.ts";
export { RunsError } from "./errors.ts";
export { FileLock } from "./lock.ts";
export { type LogLine, type LogStream } from "./log_line.ts";
export { type LogOptions, readLog } from "./log_reader.ts";
export { type LogRecord, recordOf, type Reviver } from "./log_record.ts";
export { checkFolder, makeFolder, type Places, placesOf } from "./places.ts";
export { hasAttached, isAlive, readProc, type Usage, usageOf } from "./processes.ts";
export { parseRestart, type RestartPolicy, restartText } from "./restart.ts";
export { type Live, type Outcome, type ProcessId, RunFiles } from "./run_files.ts";
export { type Run, Runs } from "./runs.ts";
export { isActive, type Status, statusOf } from "./status.ts";
export { keep, type KeepOptions, type Kept, type StartCommand, supervise } from "./supervisor.ts";
export { ServiceManager } from "./notify.ts";
export { OutputLines } from "./output_lines.ts";
export { OutputQueues } from "./output_queue.ts";
