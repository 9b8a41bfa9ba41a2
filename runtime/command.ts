/**
 * The door for the command line: what one run on the main thread takes, and no more. Embedders' door is
 * `mod.ts`.
 */
import { readKernelTypesAhead, system } from "../ffi/mod.ts";
import type { Features } from "./features.ts";
import { runInstance } from "./guest.ts";
import type { GuestModule } from "./module.ts";
import type { InternalOptions, RunOptions } from "./run_options.ts";

export { type BufferTotals, type ProgramTotals } from "./wasm_bpf/mod.ts";
export { GuestTrap, HostFunctionError } from "./errors.ts";
export { type Features, isPlain, PLAIN } from "./features.ts";
export { DEFAULT_WRAPPER_MODULE } from "./guest.ts";
export { interruptible, wasLoadCut } from "./interrupt.ts";
export { checkHeader, compileGuest, type GuestModule } from "./module.ts";
export {
  type ControlGroup,
  describeErrno,
  errno,
  FeedPipe,
  hasReader,
  type HeldPart,
  hostFiles,
  libbpfVersion,
  loginUid,
  type MappedFile,
  mappedFiles,
  type RemainingMap,
  ScreenKeeper,
  sendToLog,
} from "../ffi/mod.ts";
export type { GuestRecords, GuestRecordSink } from "./records.ts";
export type { Input, Output, Preopen } from "./run_options.ts";
export { enterSandbox, limitServer } from "./sandbox.ts";
export { type GuestStats, Meter } from "./stats.ts";

/** Writes bytes to a descriptor by one write(2); returns how many were written, or a negative errno. */
export function putBytes(descriptor: number, bytes: Uint8Array<ArrayBuffer>): number {
  return system.put(descriptor, bytes);
}

/** Options of a run by the command line. */
export type CommandOptions = Omit<RunOptions, "imports" | "signal"> & {
  /** True if a kernel without Landlock is an error. */
  requireLandlock: boolean;
  /** Decides about each eBPF object; see `InternalOptions`. */
  onObject?: NonNullable<InternalOptions["onObject"]>;
};

/** Begins what a guest of eBPF is going to need, while it is being prepared. */
export function anticipate({ module }: GuestModule): void {
  const wantsBpf = WebAssembly.Module.imports(module)
    .some((wanted) => wanted.module === "wasm_bpf" || wanted.module === "wasm_bpf_ext");
  if (wantsBpf) readKernelTypesAhead();
}

/**
 * Runs a guest to its end; see `runGuest()` of `mod.ts`. From here on this thread does everything
 * itself: nothing that it opens reaches another; and it is confined, for good.
 */
export function runGuest(
  guest: GuestModule,
  { requireLandlock, ...options }: CommandOptions,
  features: Features,
): number {
  // Where it is forbidden, map operations are a tenth slower.
  system.unshareDescriptors();
  const sandbox = { isRequired: requireLandlock, isAlone: true };
  return runInstance(guest, { ...options, sandbox }, features);
}
