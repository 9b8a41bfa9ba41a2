/** `wasm_bpf_map_operate`: one operation on one element of a map. */
import { type BpfMap, errno } from "../../ffi/mod.ts";
import type { BpfContext } from "./context.ts";
import { BpfError } from "./errors.ts";
import { holdsPlainBytes } from "./map_types.ts";

const MAX_U32 = 0xffffffffn;
/** No offset: an address of more than 32 bits. */
const BEYOND = -1;

/**
 * The function for one guest.
 *
 * Pointers are `i32` in the C declaration and `i64` in that of the Rust and Go SDKs; WebAssembly hands
 * over numbers for the one, bigints for the other.
 */
export function operateOnMap(context: BpfContext): (
  token: number,
  command: number,
  key: number | bigint,
  value: number | bigint,
  nextKey: number | bigint,
  flags: bigint,
) => number {
  const { maps, memory } = context;
  return (token, command, key, value, nextKey, flags) => {
    const entry = maps.get(token);
    if (entry === undefined) return -errno("EBADF");
    if (!holdsPlainBytes(entry.map.type)) return refuse(context, entry.map);
    const keyAt = toOffset(key);
    const valueAt = toOffset(value);
    const nextAt = toOffset(nextKey);
    if (keyAt === BEYOND || valueAt === BEYOND || nextAt === BEYOND) return -errno("EFAULT");
    return entry.map.operate(
      memory.linear,
      command,
      keyAt,
      valueAt,
      nextAt,
      flags === 0n ? 0 : Number(flags & MAX_U32),
      flags === 0n ? 0 : Number(BigInt.asUintN(64, flags) >> 32n),
    );
  };
}

/** A guest address as an unsigned 32-bit offset, or {@linkcode BEYOND}. */
function toOffset(address: number | bigint): number {
  if (typeof address === "number") return address >>> 0;
  return address >= 0n && address <= MAX_U32 ? Number(address) : BEYOND;
}

function refuse(context: BpfContext, map: BpfMap): number {
  return context.fail(
    new BpfError(`operate on map "${map.name}"`, errno("EOPNOTSUPP"), {
      reason: `maps of type ${map.type} hold descriptors of the host, which a guest cannot name`,
    }),
  );
}
