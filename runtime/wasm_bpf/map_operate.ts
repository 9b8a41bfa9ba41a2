/** One operation on one element of a map, whatever its type. */
import { BpfError, refusalReason } from "../../ebpf/mod.ts";
import { errno } from "../../ffi/mod.ts";
import { GuestFault } from "../guest_memory.ts";
import type { BpfContext, MapEntry } from "./context.ts";
import { MapCommand, operateOnReferences } from "./map_reference.ts";

const MAX_U32 = 0xffffffffn;
/** No offset: an address of more than 32 bits. */
const BEYOND = -1;

/**
 * `wasm_bpf_map_operate` for one guest.
 *
 * Pointers are `i32` in the C declaration and `i64` in that of the Rust and Go SDKs; WebAssembly hands
 * over numbers for the one, bigints for the other.
 */
export function mapOperate(context: BpfContext): (
  token: number,
  command: number,
  key: number | bigint,
  value: number | bigint,
  nextKey: number | bigint,
  flags: bigint,
) => number {
  const { maps } = context;
  return (token, command, key, value, nextKey, flags) => {
    const entry = maps.get(token);
    if (entry === undefined) return -errno("EBADF");
    if (command < MapCommand.Lookup || command > MapCommand.GetNextKey) return -errno("EINVAL");
    const keyAt = toOffset(key);
    const valueAt = toOffset(value);
    const nextAt = toOffset(nextKey);
    if (keyAt === BEYOND || valueAt === BEYOND || nextAt === BEYOND) {
      if (looksBeyond(entry, command, { keyAt, valueAt, nextAt })) return -errno("EFAULT");
      const [k, v, n] = [Math.max(0, keyAt), Math.max(0, valueAt), Math.max(0, nextAt)];
      return operate(context, entry, command, k, v, n, low(flags), high(flags));
    }
    return operate(context, entry, command, keyAt, valueAt, nextAt, low(flags), high(flags));
  };
}

/** Returns what {@linkcode mapOperate} does, for pointers of 32 bits, with the flags in two halves. */
export function mapOperateSplit(context: BpfContext): (
  token: number,
  command: number,
  key: number,
  value: number,
  nextKey: number,
  flagsLow: number,
  flagsHigh: number,
) => number {
  const { maps } = context;
  return (token, command, key, value, nextKey, flagsLow, flagsHigh) => {
    const entry = maps.find(token);
    if (entry === undefined) return -errno("EBADF");
    if (command < MapCommand.Lookup || command > MapCommand.GetNextKey) return -errno("EINVAL");
    return operate(
      context,
      entry,
      command,
      key >>> 0,
      value >>> 0,
      nextKey >>> 0,
      flagsLow >>> 0,
      flagsHigh >>> 0,
    );
  };
}

/** Reports whether an offset that the operation reads is outside the memory; it ignores the others. */
function looksBeyond(
  { map }: MapEntry,
  command: number,
  { keyAt, valueAt, nextAt }: Record<"keyAt" | "valueAt" | "nextAt", number>,
): boolean {
  // For a map without keys, an operation that needs one is refused in the kernel.
  if (keyAt === BEYOND && map.keyBytes > 0) return true;
  if (command === MapCommand.GetNextKey) return nextAt === BEYOND;
  return valueAt === BEYOND && command !== MapCommand.Delete;
}

/** A guest address as an unsigned 32-bit offset, or {@linkcode BEYOND}. */
function toOffset(address: number | bigint): number {
  if (typeof address === "number") return address >>> 0;
  return address >= 0n && address <= MAX_U32 ? Number(address) : BEYOND;
}

/** The lower half of 64 bits, unsigned. */
export function low(bits: bigint): number {
  return bits === 0n ? 0 : Number(bits & MAX_U32);
}

/** The upper half of 64 bits, unsigned. */
export function high(bits: bigint): number {
  return bits === 0n ? 0 : Number(BigInt.asUintN(64, bits) >> 32n);
}

/** One bpf(2) where keys and values are plain bytes; no allocation. */
export function operate(
  context: BpfContext,
  entry: MapEntry,
  command: number,
  key: number,
  value: number,
  nextKey: number,
  flagsLow: number,
  flagsHigh: number,
): number {
  const { map, access } = entry;
  const memory = context.memory.linear;
  if (access === "bytes") {
    return map.operate(memory, command, key, value, nextKey, flagsLow, flagsHigh);
  }
  const isValueless = command === MapCommand.Delete || command === MapCommand.GetNextKey;
  switch (access) {
    case "maps":
    case "programs":
      if (isValueless) break;
      return guarded(() =>
        operateOnReferences(context, entry, { command, key, value, nextKey, flagsLow, flagsHigh })
      );
    case "tasks":
      return map.operateOnTask(memory, command, key, value, flagsLow, flagsHigh);
    case "foreign":
      if (isValueless || command === MapCommand.Lookup) break;
      return refuseMap(context, entry);
    case "none":
      return refuseMap(context, entry);
  }
  return map.operate(memory, command, key, value, nextKey, flagsLow, flagsHigh);
}

function guarded(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (error instanceof GuestFault) return -errno("EFAULT");
    throw error;
  }
}

/** Returns -EOPNOTSUPP, and reports the reason. */
export function refuseMap(context: BpfContext, { map }: MapEntry): number {
  return context.fail(
    new BpfError(`operate on map "${map.name}"`, errno("EOPNOTSUPP"), {
      reason: refusalReason(map.type),
    }),
  );
}
