/** Operations that guests may use on maps of each type, and the reasons for the limits. */

/** `enum bpf_map_type` of `linux/bpf.h`. */
export const MapType = {
  Hash: 1,
  Array: 2,
  ProgArray: 3,
  PerfEventArray: 4,
  PercpuHash: 5,
  PercpuArray: 6,
  StackTrace: 7,
  CgroupArray: 8,
  LruHash: 9,
  LruPercpuHash: 10,
  LpmTrie: 11,
  ArrayOfMaps: 12,
  HashOfMaps: 13,
  Devmap: 14,
  Sockmap: 15,
  Cpumap: 16,
  Xskmap: 17,
  Sockhash: 18,
  CgroupStorage: 19,
  ReuseportSockarray: 20,
  PercpuCgroupStorage: 21,
  Queue: 22,
  Stack: 23,
  SkStorage: 24,
  DevmapHash: 25,
  StructOps: 26,
  RingBuffer: 27,
  InodeStorage: 28,
  TaskStorage: 29,
  BloomFilter: 30,
  UserRingBuffer: 31,
  CgrpStorage: 32,
  Arena: 33,
} as const;

/**
 * Meaning of a map's elements to the kernel, which decides the operations of guests.
 *
 * - `bytes`: keys and values are plain bytes. Every operation.
 * - `maps`, `programs`: the last 4 bytes of a value are a descriptor. Guests write and read tokens of
 *   their own maps and programs there.
 * - `tasks`: a key is a descriptor of a process. Guests give its number.
 * - `foreign`: a value is a descriptor of something that guests cannot name, such as a socket.
 *   They may look at keys, and delete what their eBPF programs have put there.
 * - `none`: no operation.
 */
export type MapAccess = "bytes" | "maps" | "programs" | "tasks" | "foreign" | "none";

const ACCESS: ReadonlyMap<number, MapAccess> = new Map([
  [MapType.Hash, "bytes"],
  [MapType.Array, "bytes"],
  [MapType.PercpuHash, "bytes"],
  [MapType.PercpuArray, "bytes"],
  [MapType.StackTrace, "bytes"],
  [MapType.LruHash, "bytes"],
  [MapType.LruPercpuHash, "bytes"],
  [MapType.LpmTrie, "bytes"],
  [MapType.CgroupStorage, "bytes"],
  [MapType.PercpuCgroupStorage, "bytes"],
  [MapType.Queue, "bytes"],
  [MapType.Stack, "bytes"],
  [MapType.BloomFilter, "bytes"],
  [MapType.ArrayOfMaps, "maps"],
  [MapType.HashOfMaps, "maps"],
  [MapType.ProgArray, "programs"],
  [MapType.TaskStorage, "tasks"],
  [MapType.CgroupArray, "foreign"],
  [MapType.Sockmap, "foreign"],
  [MapType.Sockhash, "foreign"],
  [MapType.Xskmap, "foreign"],
  [MapType.ReuseportSockarray, "foreign"],
]);

/** Values are an interface or a queue size, and after it a program where the map was made for one. */
const MAY_HOLD_PROGRAMS: ReadonlySet<number> = new Set([
  MapType.Devmap,
  MapType.DevmapHash,
  MapType.Cpumap,
]);
const VALUE_WITH_PROGRAM_BYTES = 8;

/** Returns the access of guests to a map; `none` for unknown types. */
export function mapAccess(type: number, valueBytes: number): MapAccess {
  if (MAY_HOLD_PROGRAMS.has(type)) {
    return valueBytes === VALUE_WITH_PROGRAM_BYTES ? "programs" : "bytes";
  }
  return ACCESS.get(type) ?? "none";
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [MapType.PerfEventArray, "its elements are the host's perf events: poll or read it"],
  [MapType.RingBuffer, "a ring buffer has no elements: poll or read it"],
  [MapType.UserRingBuffer, "a user ring buffer has no elements: submit samples to it"],
  [MapType.SkStorage, "its keys are descriptors of sockets, which a guest cannot name"],
  [MapType.InodeStorage, "its keys are descriptors of files, which a guest cannot name"],
  [MapType.CgrpStorage, "its keys are descriptors of cgroups, which a guest cannot name"],
  [MapType.StructOps, "struct_ops are registered by attaching them"],
  [MapType.Arena, "an arena is shared memory and has no elements"],
  [MapType.CgroupArray, "its values are descriptors of cgroups, which a guest cannot name"],
  [MapType.Sockmap, "its values are descriptors of sockets, which a guest cannot name"],
  [MapType.Sockhash, "its values are descriptors of sockets, which a guest cannot name"],
  [MapType.Xskmap, "its values are descriptors of sockets, which a guest cannot name"],
  [MapType.ReuseportSockarray, "its values are descriptors of sockets, which a guest cannot name"],
]);

/** Why an operation on a map of this type is refused. */
export function refusalReason(type: number): string {
  return REASONS.get(type) ?? `the operation is not offered for maps of type ${type}`;
}

/** Reports whether a map is read as events. */
export function holdsEvents(type: number): boolean {
  return type === MapType.RingBuffer || type === MapType.PerfEventArray;
}
