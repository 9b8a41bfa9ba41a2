/** What can be said of a module without running it. */
import { Buffer } from "node:buffer";
import { inspectObject, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { checkHeader } from "../../runtime/command.ts";
import { initialData } from "./module_data.ts";

/** What a module wants and offers, and the eBPF objects in it. */
export interface ModuleFacts {
  readonly sizeBytes: number;
  /** Names by the module that they are imported from. */
  readonly imports: readonly { readonly module: string; readonly names: readonly string[] }[];
  readonly exports: readonly string[];
  /** The eBPF objects in its data. */
  readonly bpfObjects: readonly (ObjectFacts | DamagedObject)[];
  /** True if it loads objects and has none in its data: it makes or reads them when it runs. */
  readonly loadsOthers: boolean;
}

/** An eBPF object that cannot be read, and why. */
export interface DamagedObject {
  /** As far as its header has it. */
  readonly sizeBytes: number;
  readonly problem: string;
}

/** ELF, 64 bits, little-endian; e_type relocatable; e_machine BPF (elf(5)). */
const ELF_MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1);
const ELF_TYPE = 16, ELF_SECTIONS = 40, ELF_SECTION_SIZE = 58, ELF_HEADER_BYTES = 64;
const RELOCATABLE = 1, BPF = 247;

/**
 * Looks into a module.
 *
 * @param what how errors name it
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
  const bpfObjects = initialData(bytes).flatMap(bpfObjectsIn).map(objectFacts);
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

/** Inspects an object; one that is damaged has a problem instead of facts. */
export function objectFacts(bytes: Uint8Array<ArrayBuffer>): ObjectFacts | DamagedObject {
  try {
    return inspectObject(bytes);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { sizeBytes: bytes.length, problem: error.message };
  }
}

/** Finds the relocatable eBPF objects in some bytes. */
export function bpfObjectsIn(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const objects: Uint8Array<ArrayBuffer>[] = [];
  let at = buffer.indexOf(ELF_MAGIC);
  while (at >= 0 && at + ELF_HEADER_BYTES <= buffer.length) {
    const type = buffer.readUInt16LE(at + ELF_TYPE);
    const machine = buffer.readUInt16LE(at + ELF_TYPE + 2);
    const isObject = type === RELOCATABLE && machine === BPF;
    if (isObject) objects.push(bytes.subarray(at, at + objectSize(buffer, at)));
    at = buffer.indexOf(ELF_MAGIC, at + ELF_MAGIC.length);
  }
  return objects;
}

/** Section headers stand at the end of what compilers write. */
function objectSize(buffer: Buffer, at: number): number {
  const sections = Number(buffer.readBigUInt64LE(at + ELF_SECTIONS));
  const size = buffer.readUInt16LE(at + ELF_SECTION_SIZE);
  const count = buffer.readUInt16LE(at + ELF_SECTION_SIZE + 2);
  return sections + size * count;
}
