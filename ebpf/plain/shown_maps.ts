/** Maps that are worth a table where an object has no other output: a rule, not a proof. */
import { MapType } from "../map_types.ts";
import type { ObjectFile, PlainMap } from "./object_file.ts";

const TABLES: ReadonlySet<number> = new Set([
  MapType.Hash,
  MapType.Array,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
]);
const PER_CPU_ARRAY = MapType.PercpuArray;

/** Names that tools use for state between two programs. */
const INTERNAL =
  /^(starts?|.*_starts?|start_.*|birth|inflight|in_flight|infobyreq|.*_info|heap|.*heap|.*_heap|tmp|.*_tmp|scratch|args|.*_args|ctx|.*_ctx|cgroup_map|.*_lost_samples|.*filter.*|config|cfg|settings|mntns_set|.*_stackmap|stackmap)$/;

const LOOKUP = 1, UPDATE = 2, DELETE = 3;

/** Reports whether a map can be shown as a table. */
export function isTable({ type }: Pick<PlainMap, "type">): boolean {
  return TABLES.has(type) || type === MapType.Queue || type === MapType.Stack;
}

/**
 * Returns the maps that an object without events leaves its results in: not those that programs use as
 * notes between two of them, which they look up and delete, or that user space fills.
 */
export function shownMaps(file: ObjectFile): PlainMap[] {
  const uses = (map: PlainMap) => file.outputs.uses.get(map.name) ?? new Set<number>();
  return candidatesOf(file).filter((map) => {
    const used = uses(map);
    if (used.has(LOOKUP) && used.has(DELETE)) return false;
    return !(map.type === PER_CPU_ARRAY && map.maxEntries === 1 && isScratch(file, map));
  });
}

/** Returns maps that programs write, also those that look like notes: for an object without results. */
export function notedMaps(file: ObjectFile): PlainMap[] {
  return candidatesOf(file).filter(({ name }) => file.outputs.uses.get(name)?.has(UPDATE) === true);
}

function candidatesOf(file: ObjectFile): PlainMap[] {
  return file.maps.filter((map) => TABLES.has(map.type) && !INTERNAL.test(map.name));
}

/** A per-CPU array of one large struct is where a program builds what the stack has no room for. */
function isScratch(file: ObjectFile, { valueBytes, name }: PlainMap): boolean {
  const used = file.outputs.uses.get(name);
  return valueBytes > 512 || (used?.has(UPDATE) ?? false);
}
