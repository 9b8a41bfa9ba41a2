/** What this thread gives up before a guest runs; see `libbpf-shim/landlock.c`. */
import { shim } from "./library.ts";

/** A folder that stays within reach. */
export interface Grant {
  /** The host's descriptor of the folder; read once, it may be closed afterwards. */
  readonly hostFd: number;
  /** Whether what is in it may be changed. */
  readonly isWritable: boolean;
}

/** Version of the kernel's Landlock, 1 or more; a negative errno where there is none. */
export function landlockVersion(): number {
  return shim().shim_landlock__abi();
}

/**
 * Confines this thread to `grants`, for good: nothing else of the file system can be opened by it.
 * Loading and attaching go on, done by a thread that starts here and ends with this one.
 *
 * @returns the version of Landlock, or a negative errno
 */
export function confine(grants: readonly Grant[]): number {
  const pairs = new Int32Array(grants.length * 2);
  grants.forEach(({ hostFd, isWritable }, i) => pairs.set([hostFd, isWritable ? 1 : 0], i * 2));
  return shim().shim_landlock__confine(new Uint8Array(pairs.buffer), grants.length);
}
