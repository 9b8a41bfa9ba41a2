/**
 * The library: runs guests and plain eBPF objects, and iterates over their records.
 *
 * ```ts ignore
 * import { traceObject } from "./mod.ts";
 *
 * await using run = traceObject(await Deno.readFile("events.bpf.o"));
 * for await (const event of run.records<{ pid: number }>("events")) console.log(event.pid);
 * ```
 *
 * `docs/embedding.md` describes guests, `docs/library.md` records.
 *
 * @module
 */
export {
  type AttachKind,
  type AttachWord,
  type Bound,
  BpfError,
  compileGuest,
  type CompileOptions,
  type FileStream,
  type GrantableLevel,
  GrantError,
  type GuestExit,
  type GuestHandle,
  type GuestMemory,
  type GuestModule,
  type GuestRecords,
  type GuestStats,
  GuestStopped,
  GuestTrap,
  type HostFunction,
  HostFunctionError,
  type HostModules,
  type Input,
  interruptible,
  type Level,
  libbpfVersion,
  type Limits,
  ModuleError,
  type Output,
  PermissionError,
  type Permissions,
  type Preopen,
  type RunOptions,
  type Stdio,
} from "./runtime/mod.ts";
export {
  type DecodedRecord,
  type DecodeOptions,
  decodeRecordBatches,
  decodeRecords,
  type Field,
  type Framing,
  type RecordValue,
  type Schema,
  type ValuePlan,
  type ValueReader,
} from "./records/mod.ts";
export * from "./library/mod.ts";
export { HostError } from "./ffi/errors.ts";
