/**
 * Memory that the kernel takes for a map when it is full: the sum of `libbpf-shim/map_memory.c`, which
 * limits a run. A test compares both for every type.
 */
import { MapType } from "../map_types.ts";

/** Shape of a map as the kernel is asked for it. */
export interface MapShape {
  /** `BPF_MAP_TYPE_*`. */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  /** `map_extra`: hash functions of a bloom filter. */
  readonly extra: number;
}

const PAGE = 4096;
const HASH_ENTRY = 48, BUCKET = 16, TRIE_NODE = 40, STACK_ENTRY = 32;
const DEVICE_ENTRY = 64, SOCKET_ENTRY = 64, INSN_ENTRY = 48;
const CPU_ENTRY = 131072 + PAGE;
/** One value for each socket, task, inode or cgroup; a busy machine has some thousands. */
const STORAGE_OWNERS = 4096, STORAGE_ENTRY = 64;
const RING_PAGES = 3;
const INSN_ARRAY = 34;

/**
 * Returns bytes.
 *
 * @param cpus possible CPUs
 */
export function mapMemory(shape: MapShape, cpus: number): number {
  return PAGE + content(shape, cpus);
}

function content(shape: MapShape, cpus: number): number {
  const { type, keyBytes } = shape;
  const value = roundUp(shape.valueBytes, 8);
  const entries = entriesOf(shape, cpus);
  const hash = (bytes: number) =>
    entries * (HASH_ENTRY + roundUp(keyBytes, 8) + bytes) + powerOfTwo(entries) * BUCKET;
  switch (type) {
    case MapType.Array:
      return entries * value;
    case MapType.PercpuArray:
      return entries * (8 + value * cpus);
    case MapType.Hash:
    case MapType.LruHash:
    case MapType.HashOfMaps:
      return hash(value);
    case MapType.PercpuHash:
    case MapType.LruPercpuHash:
      return hash(8 + value * cpus);
    case MapType.LpmTrie:
      return 2 * entries * roundUp(TRIE_NODE + keyBytes + value, 8);
    case MapType.StackTrace:
      return powerOfTwo(entries) * 8 + entries * (STACK_ENTRY + value);
    case MapType.Queue:
    case MapType.Stack:
      return (entries + 1) * shape.valueBytes;
    case MapType.BloomFilter:
      return powerOfTwo(Math.floor(entries * ((shape.extra & 15) || 5) * 7 / 5)) / 8;
    case MapType.RingBuffer:
    case MapType.UserRingBuffer:
      return entries + Math.floor(entries / PAGE) * 16 + RING_PAGES * PAGE;
    case MapType.Arena:
      return entries * PAGE;
    case MapType.DevmapHash:
      return powerOfTwo(entries) * 8 + entries * DEVICE_ENTRY;
    case MapType.Cpumap:
      return entries * 8 + Math.min(entries, cpus) * CPU_ENTRY;
    case MapType.Sockmap:
      return entries * (8 + SOCKET_ENTRY);
    case MapType.Sockhash:
      return entries * (SOCKET_ENTRY + keyBytes) + powerOfTwo(entries) * BUCKET;
    case MapType.SkStorage:
    case MapType.InodeStorage:
    case MapType.TaskStorage:
    case MapType.CgrpStorage:
    case MapType.CgroupStorage:
      return STORAGE_OWNERS * (STORAGE_ENTRY + value);
    case MapType.PercpuCgroupStorage:
      return STORAGE_OWNERS * (STORAGE_ENTRY + value * cpus);
    case MapType.StructOps:
      return 2 * value + 16 * PAGE;
    case INSN_ARRAY:
      return entries * INSN_ENTRY;
    default:
      return entries * Math.max(value, 8);
  }
}

/** libbpf gives perf event arrays an entry a CPU, and rings whole pages in a power of two. */
function entriesOf({ type, maxEntries }: MapShape, cpus: number): number {
  if (type === MapType.PerfEventArray && maxEntries === 0) return cpus;
  const isRing = type === MapType.RingBuffer || type === MapType.UserRingBuffer;
  return isRing && maxEntries > 0 ? Math.max(PAGE, powerOfTwo(maxEntries)) : maxEntries;
}

function roundUp(size: number, to: number): number {
  return Math.ceil(size / to) * to;
}

function powerOfTwo(size: number): number {
  let power = 1;
  while (power < size) power *= 2;
  return power;
}
