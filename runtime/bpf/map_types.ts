/** Which maps a guest may operate on with its own bytes. */

/** `enum bpf_map_type` of `linux/bpf.h`. */
export const MapType = {
  Hash: 1,
  Array: 2,
  PerfEventArray: 4,
  PercpuHash: 5,
  PercpuArray: 6,
  StackTrace: 7,
  LruHash: 9,
  LruPercpuHash: 10,
  LpmTrie: 11,
  CgroupStorage: 19,
  PercpuCgroupStorage: 21,
  Queue: 22,
  Stack: 23,
  RingBuffer: 27,
  BloomFilter: 30,
} as const;

/**
 * Maps whose keys and values are plain bytes to the kernel.
 *
 * In every other type a key or value is a file descriptor of the host process (map-in-map, program
 * arrays, sockets, task and inode storage): bytes from a guest would name things it was never given.
 */
const PLAIN: ReadonlySet<number> = new Set([
  MapType.Hash,
  MapType.Array,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.StackTrace,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
  MapType.CgroupStorage,
  MapType.PercpuCgroupStorage,
  MapType.Queue,
  MapType.Stack,
  MapType.BloomFilter,
]);

export function holdsPlainBytes(type: number): boolean {
  return PLAIN.has(type);
}

/** Whether a map is read as events. */
export function holdsEvents(type: number): boolean {
  return type === MapType.RingBuffer || type === MapType.PerfEventArray;
}
