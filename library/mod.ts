/**
 * Records of guests and plain objects as async iterators. The root `mod.ts` has this, and the runtime.
 *
 * @module
 */
export {
  KeptRecords,
  type RecordingGuest,
  type RecordingOptions,
  type RecordRoom,
  type RecordSources,
  runGuest,
  spawn,
} from "./guest.ts";
export { type ObjectOptions, TracedObject, traceObject } from "./object.ts";
export { type RecordIterator } from "./record_iterator.ts";
export { type BatchOptions, type ReadOptions } from "./record_streams.ts";
export { type RecordBatch, type SourceFacts, type SourceInfo, type SourceKind } from "./sources.ts";
export type { EmbeddedOptions, SettingValue } from "../cli/object/embedded.ts";
