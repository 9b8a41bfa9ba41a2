/** Parts of a run that stay in the kernel after everything of it was closed. */
import { shim } from "./library.ts";

/** A part of the kernel that programs were put in place of, and that is still in use. */
export interface RemainingMap {
  /** The kernel's number of the struct_ops map, as `bpftool map show id` takes it. */
  id: number;
  /** The kernel's structure, such as `tcp_congestion_ops`. */
  kind: string;
  /** The map's name. */
  name: string;
  /** Sockets that were given another congestion control. */
  socketsRestored: number;
  /** Sockets that still use it: of no process, or of one that cannot be reached. */
  socketsLeft: number;
}

/** Longer than 64 lines of numbers and names. */
const TEXT_BYTES = 16 * 1024;

/**
 * Puts sockets back that use a congestion control of closed objects, and waits until the kernel has
 * unloaded what nothing uses.
 *
 * @param waitMs at most; nothing is waited for where no struct_ops map is left
 * @returns the maps that are still there
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
