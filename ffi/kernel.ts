/** Features of the running kernel, so that errors can name the missing one. */
import { cString } from "./c_values.ts";
import { shim } from "./library.ts";

/** Maps a negative result, for an unknown state, to `undefined`. */
function tristate(answer: number): boolean | undefined {
  return answer < 0 ? undefined : answer === 1;
}

/**
 * Starts a thread that reads the kernel's types, which saves about 6 ms of CPU time in the first load
 * of an object with CO-RE. Once in a process, and not in workers.
 */
export function readKernelTypesAhead(): void {
  // A failure only makes the load slower.
  shim().shim_kernel__read_types_ahead();
}

/** Queries of the kernel, used after a failure and so not cached. */
export const kernel = {
  /** Reports whether the kernel has an option, such as `CONFIG_KPROBES`; `undefined` without a config file. */
  hasOption(name: string): boolean | undefined {
    return tristate(shim().shim_kernel__config(cString(name)));
  },

  /** Returns the version, such as `[6, 18]`. */
  version(): [number, number] {
    const version = shim().shim_kernel__version();
    return [version >> 16, version & 0xffff];
  },

  /** Architecture of the machine, in Deno's names. */
  architecture: Deno.build.arch,

  /** Reports whether a security module is active; `undefined` if securityfs cannot be read. */
  hasLsm(name: string): boolean | undefined {
    return tristate(shim().shim_kernel__has_lsm(cString(name)));
  },

  /** Reports whether perf_event_open(2) supports a dynamic type, such as `kprobe`. */
  hasEventSource(name: string): boolean {
    return shim().shim_kernel__has_event_source(cString(name)) === 1;
  },

  /** Returns the number of possible CPUs, online or not, or a negative errno. */
  possibleCpus(): number {
    return shim().shim_kernel__possible_cpus();
  },

  /**
   * Reports whether the kernel has a type of map or program, by creating one: 1, 0 or a negative errno.
   *
   * @param kind `enum shim_supported`
   */
  supports(kind: number, number: number): number {
    return shim().shim_kernel__supports(kind, number);
  },

  /** Reports whether tracefs is mounted at a path that libbpf uses. */
  hasTracefs(): boolean {
    return shim().shim_kernel__has_tracefs() === 1;
  },

  /** Reports whether this process has a capability (`CAP_*` of `linux/capability.h`) in effect. */
  hasCapability(number: number): boolean {
    return shim().shim_kernel__has_capability(number) === 1;
  },
};
