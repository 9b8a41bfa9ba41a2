/**
 * Plain eBPF objects: what their files say, and runs without a guest.
 *
 * @module
 */
export {
  type EventSource,
  type EventType,
  type EventTypes,
  typed,
  TypeFinder,
} from "./event_type.ts";
export { closureOf, structOf } from "./type_lookup.ts";
export { type TagField } from "./event_type.ts";
export { type LoopEnd, nowMs, runLoop, type Source, type Timer } from "./event_loop.ts";
export { withStruct } from "./btf_writer.ts";
export { eventMaps, type MapSetting, mapSettings, parseMapSize, Setting } from "./fixups.ts";
export { inlineType, type TypeAt } from "./inline_type.ts";
export { nearestName, unknownName } from "./errors.ts";
export {
  isEventMap,
  ObjectFile,
  type PlainMap,
  type PlainProgram,
  type PlainVariable,
} from "./object_file.ts";
export type { PrintedLine } from "./printed_text.ts";
export { BufferReader, PrintReader, readIterator } from "./readers.ts";
export { type Elements, MapReader } from "./map_reader.ts";
export { MapWriter } from "./map_writer.ts";
export { isTable, notedMaps, shownMaps } from "./shown_maps.ts";
export { variableShape } from "./variable_shape.ts";
export { groupsOf, placementOf, type ProgramChoice, wantedPrograms } from "./selection.ts";
export { PlainSession, type SessionOptions, type VariableValue } from "./session.ts";
export { startSession } from "./start_session.ts";
export { typeText, valueBytes, ValueError, valueText } from "./values.ts";
export { countPrograms, planRun, startCommand, type TracedCommand } from "./run.ts";
