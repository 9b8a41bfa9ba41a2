/** Map elements that are maps or programs, and the kernel's numbers of programs. */
import { shim } from "./library.ts";
import { BpfMap, mapPointer } from "./map.ts";
import { type LinearMemory, memoryPointer } from "./memory.ts";
import { type BpfProgram, programPointer } from "./object.ts";

/**
 * Updates an element whose last 4 bytes name a map or program; see `shim_map__store`.
 *
 * @param named map or program whose descriptor replaces them; 0 without one
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

/** Returns the kernel's number of a loaded program, or a negative errno. */
export function programId(program: BpfProgram): number {
  return shim().shim_program__id(programPointer(program));
}
