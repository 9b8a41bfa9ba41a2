/** Facts about a module that can be read without running it. */
import { inspectObject, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { checkHeader } from "../../runtime/command.ts";
import { embeddedObjects } from "./bpf_objects.ts";
import { lacksOf, possibleCpus } from "./kernel_lacks.ts";

/** Imports, exports and eBPF objects of a module. */
export interface ModuleFacts {
  readonly sizeBytes: number;
  /** Names by the module that they are imported from. */
  readonly imports: readonly { readonly module: string; readonly names: readonly string[] }[];
  readonly exports: readonly string[];
  /** eBPF objects in its data. */
  readonly bpfObjects: readonly (KnownObject | DamagedObject)[];
  /** True if it loads objects but its data has none: it creates or reads them at run time. */
  readonly loadsOthers: boolean;
}

/** Facts of an object, and of the machine that it is inspected on. */
export interface KnownObject extends ObjectFacts {
  /** Parts that it needs and this kernel lacks, such as `bpf_loop (Linux 5.17)`. */
  readonly lacks: readonly string[];
}

/** Damaged eBPF object with the reason. */
export interface DamagedObject {
  /** Size from its header. */
  readonly sizeBytes: number;
  readonly problem: string;
}

/**
 * Describes a module.
 *
 * @param what its name in errors
 * @throws {HostError} `BAD_MODULE`, or those of {@linkcode checkHeader}
 */
export function describeModule(
  bytes: Uint8Array<ArrayBuffer>,
  what = "the module",
): ModuleFacts {
  checkHeader(bytes, what, "inspect");
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HostError(`Cannot read ${what}: ${reason}`, { code: "BAD_MODULE", cause });
  }
  const imported = WebAssembly.Module.imports(module);
  const byModule = Map.groupBy(imported, (one) => one.module);
  const { objects, isComplete } = embeddedObjects(bytes);
  const bpfObjects = objects.map(objectFacts);
  if (!isComplete) {
    bpfObjects.push({ sizeBytes: 0, problem: "further eBPF objects, more than a guest can load" });
  }
  return {
    sizeBytes: bytes.length,
    imports: [...byModule].map(([name, wanted]) => ({
      module: name,
      names: wanted.map((one) => one.name),
    })),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
    bpfObjects,
    loadsOthers: bpfObjects.length === 0 && imported.some(({ name }) => LOADS.has(name)),
  };
}

/** Imports that load an object. */
const LOADS: ReadonlySet<string> = new Set(["wasm_load_bpf_object", "object_open"]);

/** Reports whether a module can load objects, those that it makes or reads at run time included. */
export function loadsObjects(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const imported = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    return imported.some(({ name }) => LOADS.has(name));
  } catch {
    // It will not run.
    return true;
  }
}

/**
 * Inspects an object on this machine.
 *
 * @throws {ElfError} and {BtfError} as `inspectObject()`
 */
export function knownObject(bytes: Uint8Array<ArrayBuffer>): KnownObject {
  const facts = inspectObject(bytes, { cpus: possibleCpus() });
  return { ...facts, lacks: lacksOf(facts) };
}

/** Inspects an object; a damaged one has a problem instead of facts. */
export function objectFacts(bytes: Uint8Array<ArrayBuffer>): KnownObject | DamagedObject {
  try {
    return knownObject(bytes);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { sizeBytes: bytes.length, problem: error.message };
  }
}
