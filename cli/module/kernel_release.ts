/** Release of the running kernel. */
import { HostError } from "../../ffi/errors.ts";
import { readKernelFile } from "../../runtime/machine.ts";

const MAX_BYTES = 256;

/** Returns the release, such as `6.12.9-amd64`; undefined without /proc. */
export function kernelRelease(): string | undefined {
  try {
    const bytes = readKernelFile("/proc/sys/kernel/osrelease", { maxBytes: MAX_BYTES });
    return new TextDecoder().decode(bytes).trim();
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
