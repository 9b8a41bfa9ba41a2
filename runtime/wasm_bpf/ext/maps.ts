/** `map_batch`, `map_lookup_and_delete`, `map_info`, `possible_cpus`, `kernel_supports` and `user_ring_submit`. */
import { errno, kernel } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { MapCommand } from "../map_command.ts";
import { high, low, operate, refuseMap } from "../map_operate.ts";

/** `{ u32 type, key_size, value_size, max_entries, cpus, reserved }` */
const INFO_BYTES = 24;

export function mapImports(context: BpfContext): WebAssembly.ModuleImports {
  return {
    "map_batch": mapBatch(context),
    "map_lookup_and_delete": (token: number, key: number, value: number, flags: bigint) => {
      const entry = context.maps.get(token);
      if (entry === undefined) return -errno("EBADF");
      const command = MapCommand.LookupAndDelete;
      return operate(
        context,
        entry,
        command,
        key >>> 0,
        value >>> 0,
        0,
        low(flags),
        high(flags),
      );
    },
    "map_info": (token: number, out: number) => {
      const map = context.maps.get(token)?.map;
      if (map === undefined) return -errno("EBADF");
      if (!context.memory.contains(out, INFO_BYTES)) return -errno("EFAULT");
      [map.type, map.keyBytes, map.valueBytes, map.maxEntries, map.cpus, 0].forEach((value, i) =>
        context.memory.setU32((out >>> 0) + i * 4, value)
      );
      return 0;
    },
    "possible_cpus": () => kernel.possibleCpus(),
    "kernel_supports": (kind: number, number: number) => supports(kind >>> 0, number >>> 0),
    "user_ring_submit": (
      handle: bigint,
      token: number,
      data: number,
      sizeBytes: number,
      timeoutMs: number,
    ) => {
      const object = context.objects.get(handle);
      if (object === undefined) return -errno("EINVAL");
      const entry = context.maps.get(token);
      if (entry?.object !== object) return -errno("EBADF");
      if (sizeBytes < 0) return -errno("EFAULT");
      return object.submit(entry.map, context, data >>> 0, sizeBytes, timeoutMs);
    },
  };
}

/**
 * Results of probing the running kernel: a guest that asks again creates no further map or program.
 */
const known = new Map<string, number>();

function supports(kind: number, number: number): number {
  const key = `${kind}:${number}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const result = kernel.supports(kind, number);
  // Errors may pass, and numbers out of range would fill the memory.
  if (result >= 0) known.set(key, result);
  return result;
}

function mapBatch(context: BpfContext) {
  return (
    token: number,
    command: number,
    inToken: number,
    outToken: number,
    keys: number,
    values: number,
    count: number,
    flags: bigint,
  ): number => {
    const entry = context.maps.get(token);
    if (entry === undefined) return -errno("EBADF");
    // Elsewhere an element is more than bytes, and the kernel would take each for a descriptor.
    if (entry.access !== "bytes") return refuseMap(context, entry);
    return entry.map.batch(
      context.interrupt,
      context.memory.linear,
      command,
      inToken >>> 0,
      outToken >>> 0,
      keys >>> 0,
      values >>> 0,
      count >>> 0,
      low(flags),
      high(flags),
    );
  };
}
