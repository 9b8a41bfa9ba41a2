/** Settings of maps that objects leave to a loader of their own, before the load. */
import { HostError } from "../../ffi/errors.ts";
import { MapType } from "../map_types.ts";
import { unknownName } from "./errors.ts";
import { isEventMap, type ObjectFile, type PlainMap } from "./object_file.ts";

/** `enum shim_setting`. */
export const Setting = {
  ProgramAutoload: 1,
  MaxEntries: 2,
  KeySize: 3,
  ValueSize: 4,
  ProgramType: 7,
} as const;

/** One setting of a map. */
export interface MapSetting {
  readonly map: string;
  readonly setting: number;
  readonly value: number;
}

/** The kernel's PERF_MAX_STACK_DEPTH, 8 bytes each. */
const STACK_BYTES = 127 * 8;
const DEFAULT_ENTRIES = 10_240;

/**
 * Returns what is to be set.
 *
 * @param sizes entries of maps by the user
 * @throws {HostError} `NO_MAP` for a name that the object does not have
 */
export function mapSettings(file: ObjectFile, sizes: ReadonlyMap<string, number>): MapSetting[] {
  const names = file.maps.map(({ name }) => name);
  for (const name of sizes.keys()) {
    if (!names.includes(name)) throw unknownName("map", name, names);
  }
  return file.maps.flatMap((map) => settingsOf(map, sizes.get(map.name)));
}

function settingsOf(map: PlainMap, size: number | undefined): MapSetting[] {
  const settings: MapSetting[] = [];
  const set = (setting: number, value: number) => settings.push({ map: map.name, setting, value });
  if (map.type === MapType.RingBuffer || map.type === MapType.UserRingBuffer) {
    // A value type says what the records are; the kernel takes no sizes.
    if (map.keyBytes !== 0) set(Setting.KeySize, 0);
    if (map.valueBytes !== 0) set(Setting.ValueSize, 0);
  }
  if (map.type === MapType.PerfEventArray) {
    if (map.keyBytes !== 4) set(Setting.KeySize, 4);
    if (map.valueBytes !== 4) set(Setting.ValueSize, 4);
  }
  if (map.type === MapType.StackTrace) {
    if (map.keyBytes === 0) set(Setting.KeySize, 4);
    if (map.valueBytes === 0) set(Setting.ValueSize, STACK_BYTES);
  }
  const entries = size ?? (map.maxEntries === 0 ? defaultEntries(map) : undefined);
  if (entries !== undefined) set(Setting.MaxEntries, entries);
  return settings;
}

/** libbpf sizes perf event arrays by the CPUs itself. */
function defaultEntries({ type, name }: PlainMap): number | undefined {
  if (type === MapType.PerfEventArray || !NEEDS_ENTRIES.has(type)) return undefined;
  if (type === MapType.RingBuffer) return 256 * 1024;
  // One entry a CPU; the kernel takes no more.
  if (type === MapType.Cpumap) return navigator.hardwareConcurrency;
  return name.startsWith("ig_") ? 1 : DEFAULT_ENTRIES;
}

const NEEDS_ENTRIES: ReadonlySet<number> = new Set([
  MapType.Hash,
  MapType.Array,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.StackTrace,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
  MapType.Queue,
  MapType.Stack,
  MapType.RingBuffer,
  MapType.BloomFilter,
  MapType.ProgArray,
  MapType.CgroupArray,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
  MapType.Devmap,
  MapType.DevmapHash,
  MapType.Cpumap,
  MapType.Xskmap,
  MapType.Sockmap,
  MapType.Sockhash,
]);

/** Reads `MAP=NUMBER`, with k, M and G. */
export function parseMapSize(text: string): [map: string, entries: number] {
  const [, map = "", digits = "", unit = ""] = /^([^=]+)=(\d{1,10})([kKmMgG]?)$/.exec(text) ?? [];
  const factor = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  const entries = Number(digits) * factor;
  if (map !== "" && entries > 0 && entries < 2 ** 32) return [map, entries];
  throw new HostError(`Cannot use --map-size "${text}": not MAP=NUMBER`, { code: "USAGE" });
}

/** `bpf_perf_event_read` and `bpf_perf_event_read_value`. */
const READS_COUNTER = [22, 55];

/** Maps that hold records: not those in which programs only read the counters of perf events. */
export function eventMaps(file: ObjectFile): PlainMap[] {
  return file.maps.filter((map) => {
    if (!isEventMap(map)) return false;
    const used = file.outputs.uses.get(map.name);
    return file.outputs.maps.has(map.name) || !READS_COUNTER.some((one) => used?.has(one) === true);
  });
}
