/** `map_batch`, `map_lookup_and_delete`, `map_info`, `possible_cpus`, `kernel_supports` and `user_ring_submit`. */
import { errno, kernel } from "../../../ffi/mod.ts";
import type { BpfContext } from "../context.ts";
import { high, low, operate, refuseMap } from "../map_operate.ts";
import { MapCommand } from "../map_reference.ts";

/** `{ u32 type, key_size, value_size, max_entries, cpus, reserved }` */
const INFO_BYTES = 24;

export function mapImports(context: BpfContext): WebAssembly.ModuleImports {
  return {
    /**
     * Operates on many elements with one system call.
     *
     * `fd`: token. `cmd`: 24 lookup, 25 lookup and delete, 26 update, 27 delete. `in_batch`: read,
     * null at first. `out_batch`: written by 24 and 25. `keys`, `values`: arrays, read or written.
     * `count`: u32, read and written, also on errors. `flags`: of each element.
     *
     * EBADF: stale token. EINVAL: unknown command or flags. ENOENT: end of the map, or no such
     * element. ENOSPC: a bucket has more elements than `count`. E2BIG: full. EOPNOTSUPP: not for
     * this type of map. EFAULT: a range is outside of the memory. EINTR: the guest is asked to end.
     * Others: of the kernel.
     */
    "map_batch": mapBatch(context),
    /**
     * Copies the value of an element, and deletes it; pops from queues and stacks.
     *
     * `fd`: token. `key`: read; null for queues and stacks. `value`: written.
     *
     * EBADF: stale token. ENOENT: no such element, or empty. EINVAL: unknown flags. EOPNOTSUPP: not
     * for this type of map or kernel. EFAULT: a range is outside of the memory.
     */
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
    /**
     * Writes the sizes and type of a map.
     *
     * `fd`: token. `out`: `{ u32 type, key_size, value_size, max_entries, cpus, reserved }`,
     * written.
     *
     * EBADF: stale token. EFAULT: outside of the memory.
     */
    "map_info": (token: number, out: number) => {
      const map = context.maps.get(token)?.map;
      if (map === undefined) return -errno("EBADF");
      if (!context.memory.contains(out, INFO_BYTES)) return -errno("EFAULT");
      [map.type, map.keyBytes, map.valueBytes, map.maxEntries, map.cpus, 0].forEach((value, i) =>
        context.memory.setU32((out >>> 0) + i * 4, value)
      );
      return 0;
    },
    /**
     * Returns the number of possible CPUs: the values of an element in a per-CPU map.
     *
     * Reads and writes nothing. EIO or another errno of the kernel: it does not list them.
     */
    "possible_cpus": () => kernel.possibleCpus(),
    /**
     * Returns 1 if the kernel has a type of map or program, else 0; tries once a run.
     *
     * `kind`: 1 map, 2 program. `number`: `BPF_MAP_TYPE_*` or `BPF_PROG_TYPE_*`. Reads and writes
     * nothing.
     *
     * EINVAL: unknown kind, or a number outside of 1 to 255. EOPNOTSUPP: the type cannot be tried.
     */
    "kernel_supports": (kind: number, number: number) => supports(kind >>> 0, number >>> 0),
    /**
     * Copies a sample into a user ring buffer.
     *
     * `obj`, `fd`: handle and token. `data`, `size`: read. `timeout_ms`: wait for room; 0 does not
     * wait, negative waits for ever.
     *
     * EINVAL: stale handle, or map of another type. EBADF: stale token, or of another object.
     * ENOSPC: no room in time. E2BIG: larger than the ring. EFAULT: outside of the memory. EINTR:
     * the guest is asked to end.
     */
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
