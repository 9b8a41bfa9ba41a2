/** Elements of maps that are maps or programs, and programs' and maps' numbers in the kernel. */
import { shim } from "./library.ts";
import { BpfMap, mapPointer } from "./map.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";
import { type BpfProgram, programPointer } from "./object.ts";

/**
 * Updates an element whose last 4 bytes name a map or program; see `shim_map__store`.
 *
 * @param named whose descriptor the kernel gets in their place; 0 when there is none
 */
export function storeInMap(
  map: BpfMap,
  memory: LinearMemory,
  key: number,
  value: number,
  named: BpfMap | BpfProgram | undefined,
  flagsLow: number,
  flagsHigh: number,
): number {
  const isMap = named instanceof BpfMap;
  return shim().shim_map__store(
    mapPointer(map),
    memoryPointer(memory),
    key,
    value,
    isMap ? mapPointer(named) : null,
    named === undefined || isMap ? null : programPointer(named),
    flagsLow,
    flagsHigh,
  );
}

/** The kernel's number for a loaded program, or a negative errno. */
export function programId(program: BpfProgram): number {
  return shim().shim_program__id(programPointer(program));
}
