/** Rights that this thread gives up before a guest runs; `docs/sandbox.md` has the tables. */
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

/** 0 where the kernel filters system calls, or a negative errno. */
export function seccompAvailability(): number {
  return shim().shim_seccomp__is_available();
}

/** Steps of the second wall, in their order. Each returns a negative errno when it fails. */
export const confinement = {
  /**
   * Starts the thread that loads and attaches for this one from now on, and ends with it. Nothing may
   * be loaded yet.
   */
  startBroker(): number {
    return shim().shim_broker__start();
  },

  /**
   * Keeps this thread to `grants`: nothing else of the file system can be opened by it.
   *
   * @returns the version of Landlock
   */
  limitPaths(grants: readonly Grant[]): number {
    const pairs = new Int32Array(grants.length * 2);
    grants.forEach(({ hostFd, isWritable }, i) => pairs.set([hostFd, isWritable ? 1 : 0], i * 2));
    return shim().shim_landlock__confine(new Uint8Array(pairs.buffer), grants.length);
  },

  /**
   * Drops the capabilities of the process's other threads but the broker, and limits their calls: V8's,
   * which compile and collect garbage. For a process that runs one guest and nothing else.
   *
   * @returns how many threads are as they were
   */
  limitOthers(): number {
    return shim().shim_seccomp__confine_others();
  },

  /** Drops the capabilities that files in `grants`, and map operations, do not need. */
  reduceCapabilities(grants: readonly Grant[]): number {
    return shim().shim_capabilities__reduce(levelOf(grants));
  },

  /** Refuses system calls that a guest does not need; without `grants`, every path. */
  limitCalls(grants: readonly Grant[]): number {
    return shim().shim_seccomp__confine(levelOf(grants));
  },
};

/** `enum shim_files`. */
function levelOf(grants: readonly Grant[]): number {
  if (grants.length === 0) return 0;
  return grants.some(({ isWritable }) => isWritable) ? 2 : 1;
}
