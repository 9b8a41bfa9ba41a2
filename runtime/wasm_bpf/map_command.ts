/** Commands on an element of a map. */

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
