/** Rights that this thread drops before a guest runs; `docs/sandbox.md` has the tables. */
import { shim } from "./library.ts";

/** Directory that stays accessible. */
export interface Grant {
  /** Host descriptor of the directory; used once, it may be closed afterwards. */
  readonly hostFd: number;
  /** True if its contents may be changed. */
  readonly isWritable: boolean;
}

/** Returns the version of Landlock in the kernel, 1 or more, or a negative errno without Landlock. */
export function landlockVersion(): number {
  return shim().shim_landlock__abi();
}

/** Returns 0 if the kernel filters system calls, or a negative errno. */
export function seccompAvailability(): number {
  return shim().shim_seccomp__is_available();
}

/** Steps of the confinement, in order. Each returns a negative errno on failure. */
export const confinement = {
  /**
   * Starts the broker, the thread that loads and attaches for this one and ends with it. Call it before
   * any load.
   */
  startBroker(): number {
    return shim().shim_broker__start();
  },

  /**
   * Restricts this thread to `grants`: it can open no other files.
   *
   * @returns the version of Landlock
   */
  limitPaths(grants: readonly Grant[]): number {
    const pairs = new Int32Array(grants.length * 2);
    grants.forEach(({ hostFd, isWritable }, i) => pairs.set([hostFd, isWritable ? 1 : 0], i * 2));
    return shim().shim_landlock__confine(new Uint8Array(pairs.buffer), grants.length);
  },

  /**
   * Drops the capabilities of all other threads except the broker, and limits their system calls: V8's
   * threads, which compile and collect garbage. For a process that only runs one guest.
   *
   * @returns number of threads that remain unconfined
   */
  limitOthers(): number {
    return shim().shim_seccomp__confine_others();
  },

  /** Drops the capabilities that neither files in `grants` nor map operations need. */
  reduceCapabilities(grants: readonly Grant[]): number {
    return shim().shim_capabilities__reduce(levelOf(grants));
  },

  /** Refuses system calls that guests do not need; without `grants`, also all with paths. */
  limitCalls(grants: readonly Grant[]): number {
    return shim().shim_seccomp__confine(levelOf(grants));
  },
};

/** Returns the `enum shim_files` of grants. */
function levelOf(grants: readonly Grant[]): number {
  if (grants.length === 0) return 0;
  return grants.some(({ isWritable }) => isWritable) ? 2 : 1;
}
