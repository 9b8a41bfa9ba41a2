/** Control groups, and files in which container engines keep names. */
import { cString } from "./c_values.ts";
import { tracingShim } from "./tracing.ts";

/** Control group below the root of its hierarchy. */
export interface ControlGroup {
  /** Number of its folder: the id that programs see. */
  readonly id: bigint;
  /** Path below the root, such as `/system.slice/ssh.service`. */
  readonly path: string;
}

/** Enough for some 20,000 groups with long names. */
const MAX_GROUPS_BYTES = 4 << 20;
const HEADER_BYTES = 10;
let buffer: Uint8Array<ArrayBuffer> | undefined;

/** Calls of the broker; see `libbpf-shim/host_files.c`. */
export const hostFiles = {
  /** Lets this process use the others; before it is confined. Returns 0 or a negative errno. */
  permit(): number {
    // Loaded before the thread is confined.
    return tracingShim().shim_host__permit();
  },

  /** Returns the bytes of a regular file; undefined for one that is missing, hidden or too large. */
  read(path: string, maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const room = roomOf(maxBytes + 1);
    const size = tracingShim().shim_host__read(cString(path), room, maxBytes + 1);
    return size < 0 ? undefined : room.slice(0, size);
  },

  /** Returns the number of a control group's folder, or of a namespace; undefined without it. */
  inode(path: string): bigint | undefined {
    const number = new BigUint64Array(1);
    const result = tracingShim().shim_host__inode(cString(path), new Uint8Array(number.buffer));
    return result < 0 ? undefined : number[0];
  },

  /** Lists the control groups below a root, or returns a negative errno. */
  groups(root: string): ControlGroup[] | number {
    const room = roomOf(MAX_GROUPS_BYTES);
    const size = tracingShim().shim_host__groups(cString(root), room, MAX_GROUPS_BYTES);
    return size < 0 ? size : groupsIn(room.subarray(0, size));
  },
};

function roomOf(bytes: number): Uint8Array<ArrayBuffer> {
  if (buffer === undefined || buffer.length < bytes) buffer = new Uint8Array(bytes);
  return buffer;
}

function groupsIn(bytes: Uint8Array<ArrayBuffer>): ControlGroup[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const groups: ControlGroup[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const id = view.getBigUint64(at, true);
    const start = at + HEADER_BYTES;
    at = start + view.getUint16(at + 8, true);
    groups.push({ id, path: decoder.decode(bytes.subarray(start, at)) });
  }
  return groups;
}
