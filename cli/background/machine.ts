/** Facts about this machine that decide which capabilities a run needs. */
import { Buffer } from "node:buffer";
import { readKernelFile } from "../../runtime/machine.ts";
import { kernel } from "../../runtime/supervision.ts";

/** Machine that a run is started on. */
export interface Machine {
  /** True if tracefs is mounted where it is looked for. */
  readonly hasTracefs: boolean;
  /** Reports whether the kernel is older than a version. */
  isOlder(major: number, minor: number): boolean;
  /** Reports whether a function is not of the kernel itself, or nothing is known of it. */
  isOfModule(name: string): boolean;
}

const TYPES = "/sys/kernel/btf/vmlinux";
/** The kernel's types take some 6 MB. */
const MAX_TYPES_BYTES = 64 << 20;

/** Returns the facts; the kernel's types are read when they are needed. */
export function thisMachine(): Machine {
  const [major, minor] = kernel.version();
  let types: Buffer | undefined;
  return {
    hasTracefs: kernel.hasTracefs(),
    isOlder: (wanted, least) => major < wanted || (major === wanted && minor < least),
    isOfModule: (name) => {
      types ??= kernelTypes();
      // Names are texts between NUL bytes; a module is in the name of its function.
      return !types.includes(`\0${name}\0`, 0, "latin1");
    },
  };
}

function kernelTypes(): Buffer {
  try {
    return Buffer.from(readKernelFile(TYPES, { maxBytes: MAX_TYPES_BYTES }));
  } catch {
    // Hidden: libbpf asks the kernel for them, which takes CAP_SYS_ADMIN.
    return Buffer.alloc(0);
  }
}
