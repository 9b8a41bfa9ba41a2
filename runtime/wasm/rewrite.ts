/**
 * Rewrites a module so that its host stays in charge of it.
 *
 * A limit of memory becomes the maximum of each memory and table: V8 has no other way to cap them.
 *
 * Control makes the guest check a word in a second, shared memory wherever it can spend time: at
 * the beginning of every function and of every round of a loop. Another thread sets the word; the
 * guest then waits there, or traps, which it cannot catch. Additions are appended, so existing
 * indices do not change. A guest cannot reach the second memory: its code was validated without it.
 */
import { type Declared, readLimits } from "./declarations.ts";
import { countTypes } from "./imports.ts";
import { LOOP, skipInstruction, skipType } from "./instructions.ts";
import { type MemoryPlan, planMemory } from "./memory_plan.ts";
import { Reader, readSections, Section, type SectionBytes } from "./reader.ts";
import { leb, Writer } from "./writer.ts";

/** Values of the control word. */
export const ControlState = { Run: 0, Pause: 1, Terminate: 2 } as const;

/** Changes to make. */
export interface RewriteOptions {
  /** Its memories and tables never have more together, rounded up to a page. */
  maxMemoryBytes?: number;
  /** Adds the control word. */
  control?: boolean;
}

/** A changed module. */
export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each check that was added to its code; 0 without control. */
  readonly checkBytes: number;
  /** Export of the memory whose first word controls the guest; none when it has no code. */
  readonly controlExport?: string;
  /** Export of what was the start function, to be called first: it runs controlled only like that. */
  readonly startExport?: string;
}

const HEADER_BYTES = 8;
const HAS_MAX = 1;
const SHARED = 2;
const CODE_METADATA = /^metadata\.code\./;
const CONTROL_NAME = "wasm-bpf control";
const START_NAME = "wasm-bpf start";

/**
 * Changes a module that V8 has accepted.
 *
 * @throws {WasmSyntaxError} when it holds what is not known here
 * @throws {MemoryLimitError} when it begins with more memory than the limit
 */
export function rewriteModule(
  original: { module: WebAssembly.Module; bytes: Uint8Array<ArrayBuffer> },
  options: RewriteOptions,
): Rewritten {
  const { module, bytes } = original;
  const sections = readSections(bytes);
  const has = (id: number) => sections.some((section) => section.id === id);
  const needed = [Section.Type, Section.Function, Section.Memory, Section.Export, Section.Code];
  const plan = options.control === true && needed.every(has)
    ? planControl(module, bytes, sections)
    : {};
  const limits = options.maxMemoryBytes === undefined
    ? undefined
    : planMemory(bytes, sections, options.maxMemoryBytes);
  const writer = new Writer(bytes.length * 2);
  writer.put(bytes.subarray(0, HEADER_BYTES));
  for (const section of sections) {
    const content = rewriteSection(bytes, section, limits, plan.control);
    if (content !== undefined) writer.put([section.id]).sized(content);
  }
  const { controlExport, startExport } = plan;
  return {
    bytes: writer.bytes,
    checkBytes: plan.control === undefined ? 0 : checkOf(plan.control).length,
    ...(controlExport === undefined ? {} : { controlExport }),
    ...(startExport === undefined ? {} : { startExport }),
  };
}

/** Indices of what is added. */
interface Control {
  typeIndex: number;
  functionIndex: number;
  memoryIndex: number;
  exports: { name: string; kind: number; index: number }[];
}

interface Plan {
  control?: Control;
  controlExport?: string;
  startExport?: string;
}

function planControl(
  module: WebAssembly.Module,
  bytes: Uint8Array,
  sections: readonly SectionBytes[],
): Plan {
  const find = (id: number) => {
    const section = sections.find((other) => other.id === id);
    return section && new Reader(bytes, section.start, section.end);
  };
  const imports = WebAssembly.Module.imports(module);
  const imported = (kind: string) => imports.filter((entry) => entry.kind === kind).length;
  const memoryIndex = imported("memory") + (find(Section.Memory)?.u32() ?? 0);
  const taken = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const controlExport = freeName(CONTROL_NAME, taken);
  const control: Control = {
    typeIndex: countTypes(bytes, sections),
    functionIndex: imported("function") + (find(Section.Function)?.u32() ?? 0),
    memoryIndex,
    exports: [{ name: controlExport, kind: 2, index: memoryIndex }],
  };
  const index = find(Section.Start)?.u32();
  if (index === undefined) return { control, controlExport };
  const startExport = freeName(START_NAME, taken);
  control.exports.push({ name: startExport, kind: 0, index });
  return { control, controlExport, startExport };
}

/** A name that the module does not export already. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  while (taken.has(name)) name += "'";
  return name;
}

/** A section's new content; `undefined` when it is left out. */
function rewriteSection(
  bytes: Uint8Array,
  { id, start, end }: SectionBytes,
  limits: MemoryPlan | undefined,
  control: Control | undefined,
): Uint8Array | undefined {
  const reader = new Reader(bytes, start, end);
  if (id === Section.Memory) return rewriteMemories(reader, limits, control);
  if (id === Section.Table && limits !== undefined) return rewriteTables(reader, limits);
  if (control === undefined) return bytes.subarray(start, end);
  switch (id) {
    case Section.Custom:
      // Branch hints refer to offsets in the code, which have changed.
      return CODE_METADATA.test(reader.name()) ? undefined : bytes.subarray(start, end);
    case Section.Type:
      return appended(reader, [0x60, 0, 0]);
    case Section.Function:
      return appended(reader, leb(control.typeIndex));
    case Section.Export: {
      const entries = new Writer();
      for (const { name, kind, index } of control.exports) {
        entries.name(name).put([kind]).u32(index);
      }
      return appended(reader, entries.bytes, control.exports.length);
    }
    case Section.Start:
      return undefined;
    case Section.Code:
      return rewriteCode(reader, control);
    default:
      return bytes.subarray(start, end);
  }
}

/** A vector with more entries at its end. */
function appended(reader: Reader, entries: ArrayLike<number>, count = 1): Uint8Array {
  const writer = new Writer(reader.end - reader.at + entries.length + 5);
  writer.u32(reader.u32() + count);
  return writer.put(reader.bytes.subarray(reader.at, reader.end)).put(entries).bytes;
}

function rewriteMemories(
  reader: Reader,
  limits: MemoryPlan | undefined,
  control: Control | undefined,
): Uint8Array {
  const writer = new Writer();
  const count = reader.u32();
  writer.u32(count + (control === undefined ? 0 : 1));
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    const declared = readLimits(reader);
    const maximum = limits?.memories[i];
    if (maximum === undefined) writer.put(reader.bytes.subarray(start, reader.at));
    else putLimits(writer, declared, maximum);
  }
  if (control !== undefined) writer.put([HAS_MAX | SHARED, 1, 1]);
  return writer.bytes;
}

/** Everything but the limits is copied, and these, too, where they are kept as declared. */
function rewriteTables(reader: Reader, { tables }: MemoryPlan): Uint8Array {
  const writer = new Writer(reader.end - reader.at + 8 * tables.length);
  let copied = reader.at;
  for (const { table, maximum } of tables) {
    if (table.maximum !== undefined && table.maximum <= maximum) continue;
    writer.put(reader.bytes.subarray(copied, table.limits.start));
    putLimits(writer, table, maximum);
    copied = table.limits.end;
  }
  return writer.put(reader.bytes.subarray(copied, reader.end)).bytes;
}

function putLimits(writer: Writer, { flags, initial }: Declared, maximum: number): void {
  writer.put([flags | HAS_MAX]).u32(initial).u32(maximum);
}

function rewriteCode(reader: Reader, control: Control): Uint8Array {
  const writer = new Writer((reader.end - reader.at) * 2);
  const count = reader.u32();
  writer.u32(count + 1);
  const check = checkOf(control);
  for (let i = 0; i < count; i++) {
    writer.sized(rewriteBody(reader.part(reader.u32()), check));
  }
  return writer.sized(new Uint8Array(controlFunction(control))).bytes;
}

/** A function's body with `check` in front, and at the beginning of each loop. */
function rewriteBody(reader: Reader, check: readonly number[]): Uint8Array {
  const { bytes } = reader;
  const writer = new Writer((reader.end - reader.at) * 2 + check.length);
  let copied = reader.at;
  reader.each(() => {
    reader.u32();
    skipType(reader);
  });
  const insert = () => {
    writer.put(bytes.subarray(copied, reader.at)).put(check);
    copied = reader.at;
  };
  insert();
  while (!reader.isAtEnd) {
    if (skipInstruction(reader) === LOOP) insert();
  }
  return writer.put(bytes.subarray(copied, reader.end)).bytes;
}

/** `(i32.const 0) (i32.atomic.load $control) (if (then (call $function)))` */
function checkOf({ functionIndex, memoryIndex }: Control): number[] {
  const load = [0x41, 0x00, 0xfe, 0x10, ...memoryArgument(memoryIndex)];
  return [...load, 0x04, 0x40, 0x10, ...leb(functionIndex), 0x0b];
}

/** Aligned to 4 bytes, of a memory by number, no offset. */
function memoryArgument(memoryIndex: number): number[] {
  return [0x42, ...leb(memoryIndex), 0x00];
}

/** Returns a function that waits while the word is pause, returns at run, and traps otherwise. */
function controlFunction({ memoryIndex }: Control): number[] {
  const memory = memoryArgument(memoryIndex);
  // deno-fmt-ignore
  return [
    0x01, 0x01, 0x7f,                                   // (local $state i32)
    0x02, 0x40, 0x03, 0x40,                             // (block $out (loop $again
    0x41, 0x00, 0xfe, 0x10, ...memory, 0x22, 0x00,      //   (local.tee $state (i32.atomic.load))
    0x45, 0x0d, 0x01,                                   //   (br_if $out (i32.eqz))
    0x20, 0x00, 0x41, ControlState.Pause, 0x47,         //   (i32.ne (local.get $state) pause)
    0x04, 0x40, 0x00, 0x0b,                             //   (if (then unreachable))
    0x41, 0x00, 0x41, ControlState.Pause, 0x42, 0x7f,   //   (memory.atomic.wait32 0 pause -1)
    0xfe, 0x01, ...memory, 0x1a,                        //   drop
    0x0c, 0x00, 0x0b, 0x0b, 0x0b,                       //   (br $again)))
  ];
}
