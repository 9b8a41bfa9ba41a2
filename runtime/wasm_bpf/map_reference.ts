/**
 * Elements that are maps or programs: guests write and read tokens, the kernel gets descriptors and
 * gives numbers of its own.
 */
import { type BpfMap, type BpfProgram, errno, programId, storeInMap } from "../../ffi/mod.ts";
import type { BpfContext, MapEntry } from "./context.ts";

/** `enum bpf_cmd`, as far as it is about one element. */
export const MapCommand = {
  Lookup: 1,
  Update: 2,
  Delete: 3,
  GetNextKey: 4,
  LookupAndDelete: 21,
} as const;

/** One operation, as the guest gave it; offsets are unsigned. */
export interface MapOperation {
  command: number;
  key: number;
  value: number;
  nextKey: number;
  flagsLow: number;
  flagsHigh: number;
}

const TOKEN_BYTES = 4;
/** Value that libbpf's users write where an element has no program. */
const NO_DESCRIPTOR = 0xffffffff;

/** Looks up or updates an element; throws a GuestFault for a value outside the guest's memory. */
export function operateOnReferences(
  context: BpfContext,
  entry: MapEntry,
  operation: MapOperation,
): number {
  switch (operation.command) {
    case MapCommand.Lookup:
      return lookup(context, entry, operation);
    case MapCommand.Update:
      return update(context, entry, operation);
    default:
      return -errno("EOPNOTSUPP");
  }
}

function update(context: BpfContext, entry: MapEntry, operation: MapOperation): number {
  const { map } = entry;
  const { key, value, flagsLow, flagsHigh } = operation;
  const token = context.memory.getU32(tokenAt(map, value));
  let named: BpfMap | BpfProgram | undefined;
  if (!isNone(map, token)) {
    named = entry.access === "maps"
      ? context.maps.get(token)?.map
      : context.programs.get(token)?.program;
    if (named === undefined) return -errno("EBADF");
  }
  return storeInMap(map, context.memory.linear, key, value, named, flagsLow, flagsHigh);
}

function lookup(context: BpfContext, { map, access }: MapEntry, operation: MapOperation): number {
  const { memory } = context;
  const { key, value, flagsLow, flagsHigh } = operation;
  const result = map.operate(
    memory.linear,
    operation.command,
    key,
    value,
    0,
    flagsLow,
    flagsHigh,
  );
  if (result < 0) return result;
  // Nothing of the guest runs before the kernel's number is replaced.
  const at = tokenAt(map, value);
  const id = memory.getU32(at);
  const token = id === 0 ? 0 : tokenOfId(context, access === "maps", id);
  memory.setU32(at, token ?? 0);
  return token === undefined ? -errno("ESTALE") : result;
}

function tokenAt(map: BpfMap, value: number): number {
  return value + map.valueBytes - TOKEN_BYTES;
}

/** Reports whether a token represents no program, which maps of devices and CPUs may hold. */
function isNone(map: BpfMap, token: number): boolean {
  return map.valueBytes > TOKEN_BYTES && (token === 0 || token === NO_DESCRIPTOR);
}

/** Returns the token of this guest's map or program with a kernel id; `undefined` for other ids. */
function tokenOfId(context: BpfContext, isMap: boolean, id: number): number | undefined {
  for (const object of context.objects.values()) {
    if (isMap) {
      const map = object.maps.find((candidate) => candidate.id === id);
      if (map !== undefined) return context.tokenOfMap(object, map);
    } else {
      const program = object.programs.find((candidate) => programId(candidate) === id);
      if (program !== undefined) return context.tokenOfProgram(object, program);
    }
  }
  return undefined;
}
