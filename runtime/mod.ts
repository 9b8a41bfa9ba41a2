/**
 * Runs WebAssembly guests that drive eBPF.
 *
 * ```ts
 * import { compileGuest, runGuest } from "./runtime/mod.ts";
 *
 * const guest = compileGuest(await Deno.readFile("bootstrap.wasm"), "bootstrap.wasm");
 * Deno.exit(runGuest(guest, { args: ["bootstrap.wasm", "-d", "50"] }));
 * ```
 *
 * The guest runs on the calling thread, and everything it loaded or attached is released when it ends.
 * `spawn()` runs it in a worker. See `docs/embedding.md`.
 *
 * Linux on x86-64, which releases are built and tested for; on arm64 the parts in C compile and are not
 * tested. Loading eBPF needs root, or CAP_BPF and CAP_PERFMON.
 *
 * @module
 */
export { type HeapUse } from "./wasm/heap_use.ts";
export { libbpfVersion } from "../ffi/mod.ts";
export {
  ATTACH_KINDS,
  type AttachKind,
  type AttachWord,
  type Bound,
  type GrantableLevel,
  type Level,
  LEVELS,
  PermissionError,
  type Permissions,
} from "../ebpf/mod.ts";
export { BpfError, type BufferTotals, type ProgramTotals } from "./wasm_bpf/mod.ts";
export { GrantError, GuestStopped, GuestTrap, HostFunctionError, ModuleError } from "./errors.ts";
export {
  type GuestRecords,
  type GuestRecordSink,
  type GuestRecordsMaker,
  type SpawnRecords,
} from "./records.ts";
export { runGuest } from "./everything.ts";
export type {
  FileStream,
  HostFunction,
  HostModules,
  Input,
  Limits,
  Output,
  Preopen,
  RunOptions,
  Stdio,
} from "./run_options.ts";
export { type GuestMemory } from "./guest_memory.ts";
export { interruptible, type SignalOptions, TIMEOUT_GRACE_MS } from "./interrupt.ts";
export { compileGuest, type CompileOptions, type GuestModule } from "./module.ts";
export { type GuestExit, type SpawnOptions, type SpawnOutput } from "./spawn_options.ts";
export { GuestHandle, spawn } from "./spawn.ts";
export { type WorkerInput } from "./worker_messages.ts";
export { type GuestStats } from "./stats.ts";
export { type HeldPart, type RemainingMap } from "../ffi/mod.ts";
