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

/** Program or map of a closed object that another process keeps in the kernel. */
export interface HeldPart {
  /** Kind of part that the number is of. */
  kind: "program" | "map";
  /** The kernel's number, for `bpftool prog show id` or `bpftool map show id`. */
  id: number;
  /** Name that the object gives it; characters that cannot be printed are `?`. */
  name: string;
  /** Process that has a descriptor of it, or of a link of it; absent when none was found. */
  process?: { pid: number; command: string };
  /** Path of a pin; absent when none was found. */
  pin?: string;
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

/** 256 KiB; 1,024 lines of numbers, names and paths fit. */
const HELD_BYTES = 256 * 1024;

/**
 * Looks for programs and maps of closed objects that other processes keep in the kernel. Returns as
 * soon as none is left, usually within 20 ms.
 *
 * @param options `waitMs`: longest wait where no holder is found; `withoutStructOps`: leaves out
 *   objects that had struct_ops maps
 */
export function settleHeld(
  { waitMs, withoutStructOps }: { waitMs: number; withoutStructOps: boolean },
): HeldPart[] {
  const text = new Uint8Array(HELD_BYTES);
  const length = shim().shim_holders__settle(waitMs, withoutStructOps ? 1 : 0, text, text.length);
  if (length <= 0) return [];
  const lines = new TextDecoder().decode(text.subarray(0, length)).split("\n");
  return lines.filter((line) => line !== "").map((line) => {
    const [kind = "", id = "", name = "", pid = "", holder = ""] = line.split("\t");
    return {
      kind: kind === "program" ? "program" : "map",
      id: Number(id),
      name,
      ...(pid === "0" ? {} : { process: { pid: Number(pid), command: holder } }),
      ...(pid === "0" && holder !== "" ? { pin: holder } : {}),
    };
  });
}
