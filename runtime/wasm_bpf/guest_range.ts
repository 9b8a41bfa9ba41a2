/** Ranges of guest memory that the shim is to read or write. */
import { errno, type ObjectBytes } from "../../ffi/mod.ts";
import { GuestFault, type GuestMemory } from "../guest_memory.ts";
import { BpfError } from "../../ebpf/mod.ts";

/**
 * `sizeBytes` of guest memory at `offset`, numbers as they come from the guest.
 *
 * @throws {GuestFault} when they do not lie inside
 */
export function guestRange(memory: GuestMemory, offset: number, sizeBytes: number): ObjectBytes {
  if (sizeBytes < 0 || !memory.contains(offset, sizeBytes)) throw new GuestFault();
  return { memory: memory.linear, offset: offset >>> 0, sizeBytes };
}

/**
 * Returns the bytes of an ELF object, like {@linkcode guestRange}; throws, so that a failed load
 * has a reason.
 *
 * @throws {BpfError} EFAULT
 */
export function elfRange(memory: GuestMemory, offset: number, sizeBytes: number): ObjectBytes {
  try {
    return guestRange(memory, offset, sizeBytes);
  } catch (cause) {
    throw new BpfError("load an eBPF object", errno("EFAULT"), {
      reason: "the guest's bytes for it lie outside its memory",
      cause,
    });
  }
}
