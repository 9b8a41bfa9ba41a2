/** Errors of workers that cannot be started. */
import { HostError } from "../ffi/errors.ts";
import { descriptorsLeft } from "../ffi/mod.ts";

/** Descriptors that a worker and what it runs may need at once. */
const WORKER_DESCRIPTORS = 32;

/**
 * Returns the error for too few descriptors, code `EMFILE`: Deno ends the process when it has none left
 * for a worker.
 */
export function lackOfDescriptors(name: string): HostError | undefined {
  const left = descriptorsLeft();
  if (left >= WORKER_DESCRIPTORS) return undefined;
  return new HostError(`Cannot run ${name} in a worker: ${left} descriptors are left`, {
    code: "EMFILE",
    hint:
      `raise the limit (ulimit -n); a worker needs up to ${WORKER_DESCRIPTORS}, and Deno keeps ` +
      "two of each until the process ends",
  });
}

/** Returns the error for options that cannot be sent, such as input that was transferred meanwhile. */
export function notSent(name: string, cause: unknown): HostError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HostError(`Cannot run ${name} in a worker: ${reason}`, { code: "WORKER", cause });
}

/** Returns the error for a worker whose module, a path of this project, cannot be loaded. */
export function notLoaded(name: string, event: ErrorEvent, module: string): HostError {
  return new HostError(`Cannot run ${name} in a worker: ${event.message}`, {
    code: "WORKER",
    hint: `a program made by deno compile needs --include ${module}`,
  });
}
