/** Parts of a run that stay in the kernel after everything was closed. */
import { shim } from "./library.ts";

/** struct_ops map that is still in use. */
export interface RemainingMap {
  /** The kernel's number of the map, for `bpftool map show id`. */
  id: number;
  /** The kernel's structure, such as `tcp_congestion_ops`. */
  kind: string;
  /** The map's name. */
  name: string;
  /** Sockets that were reset to another congestion control. */
  socketsRestored: number;
  /** Sockets that still use it: without a process, or with an inaccessible one. */
  socketsLeft: number;
}

/** 16 KiB; 64 lines of numbers and names fit. */
const TEXT_BYTES = 16 * 1024;

/**
 * Resets sockets that use a congestion control of closed objects, and waits until the kernel has
 * unloaded unused maps.
 *
 * @param waitMs longest wait; it ends at once without struct_ops maps
 * @returns the maps that are still loaded
 */
export function settleRemains(waitMs: number): RemainingMap[] {
  const text = new Uint8Array(TEXT_BYTES);
  const length = shim().shim_remains__settle(waitMs, text, text.length);
  const lines = new TextDecoder().decode(text.subarray(0, Math.max(0, length))).split("\n");
  return lines.filter((line) => line !== "").map((line) => {
    const [id = "", kind = "", name = "", restored = "", left = ""] = line.split(" ");
    return {
      id: Number(id),
      kind,
      name,
      socketsRestored: Number(restored),
      socketsLeft: Number(left),
    };
  });
}
