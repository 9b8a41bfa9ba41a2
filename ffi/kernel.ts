/** What the running kernel has, so that an error can say what it lacks. */
import { cString } from "./c_values.ts";
import { shim } from "./library.ts";

/** `undefined` where the machine does not tell. */
function tristate(answer: number): boolean | undefined {
  return answer < 0 ? undefined : answer === 1;
}

/**
 * Begins to read the kernel's types in a thread of its own, so that the first load of an object with
 * CO-RE need not: some 6 ms of a processor. Once in a process, and not in workers.
 */
export function readKernelTypesAhead(): void {
  // Without it a load only takes longer.
  shim().shim_kernel__read_types_ahead();
}

/** Questions to the kernel; asked after a failure, so nothing is kept. */
export const kernel = {
  /** Whether it was built with an option, such as `CONFIG_KPROBES`; `undefined` where no file tells. */
  hasOption(name: string): boolean | undefined {
    return tristate(shim().shim_kernel__config(cString(name)));
  },

  /** `[6, 18]`. */
  version(): [number, number] {
    const version = shim().shim_kernel__version();
    return [version >> 16, version & 0xffff];
  },

  /** The machine's, as Deno names it. */
  architecture: Deno.build.arch,

  /** Whether a security module is active; `undefined` where securityfs cannot be read. */
  hasLsm(name: string): boolean | undefined {
    return tristate(shim().shim_kernel__has_lsm(cString(name)));
  },

  /** Whether perf_event_open(2) knows a dynamic type, such as `kprobe`. */
  hasEventSource(name: string): boolean {
    return shim().shim_kernel__has_event_source(cString(name)) === 1;
  },

  /** How many CPUs there can be, online or not; or a negative errno. */
  possibleCpus(): number {
    return shim().shim_kernel__possible_cpus();
  },

  /**
   * Whether it has a type of map or program, which is tried by making one: 1, 0 or a negative errno.
   *
   * @param kind `enum shim_supported`
   */
  supports(kind: number, number: number): number {
    return shim().shim_kernel__supports(kind, number);
  },

  /** Whether tracefs is mounted where libbpf looks for it. */
  hasTracefs(): boolean {
    return shim().shim_kernel__has_tracefs() === 1;
  },

  /** Whether this process has a capability (`CAP_*` of `linux/capability.h`) in effect. */
  hasCapability(number: number): boolean {
    return shim().shim_kernel__has_capability(number) === 1;
  },
};
