/** Opens a plain object, and sets what must be set before it is loaded. */
import { BpfObject, errno, LinearMemory, takeLog } from "../../ffi/mod.ts";
import { diagnoseConfigure, diagnoseGlobal, diagnoseOpen } from "../diagnosis.ts";
import { BpfError } from "../errors.ts";
import { ProgramType } from "../program_types.ts";
import { Setting } from "./fixups.ts";
import type { ObjectFile, PlainProgram } from "./object_file.ts";
import { OBJECT_NAME, type SessionOptions, type VariableValue } from "./session.ts";

const PAGE_BYTES = 65536;

/**
 * Opens an object with the programs that are to be loaded, its settings and its values.
 *
 * @throws {BpfError} when libbpf refuses the object, a setting, a target or a value
 */
export function openObject(
  { bytes }: ObjectFile,
  chosen: readonly PlainProgram[],
  options: SessionOptions,
): BpfObject {
  const pages = Math.ceil(bytes.length / PAGE_BYTES) + 1;
  using memory = new LinearMemory(new WebAssembly.Memory({ initial: pages }));
  memory.bytes.set(bytes, PAGE_BYTES);
  const source = { memory, offset: PAGE_BYTES, sizeBytes: bytes.length };
  takeLog();
  const object = BpfObject.open(source, OBJECT_NAME);
  if (typeof object === "number") throw diagnoseOpen(object, takeLog());
  try {
    object.forgetPins();
    configure(object, chosen, options);
    setValues(object, memory, options.values);
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

function configure(
  object: BpfObject,
  chosen: readonly PlainProgram[],
  { settings, attach }: SessionOptions,
): void {
  const names = new Set(chosen.map(({ name }) => name));
  const must = (name: string, setting: number, value: number) => {
    const result = object.configure(name, setting, value);
    if (result < 0) throw diagnoseConfigure(result, name);
  };
  for (const { name, type } of object.programs()) {
    if (type === ProgramType.STRUCT_OPS) continue;
    must(name, Setting.ProgramAutoload, names.has(name) ? 1 : 0);
  }
  for (const program of chosen) {
    const { kind, name } = program;
    const known = object.programs().find((one) => one.name === name);
    if (kind !== undefined && known?.type === 0) must(name, Setting.ProgramType, kind.type);
    retarget(object, program, attach);
  }
  for (const { map, setting, value } of settings) must(map, setting, value);
}

/** A function that a tracing program is for is set before the load. */
function retarget(
  object: BpfObject,
  { name, kind, section }: PlainProgram,
  attach: SessionOptions["attach"],
): void {
  const [target] = attach.get(name) ?? [];
  const isTracing = kind?.type === ProgramType.TRACING || kind?.type === ProgramType.LSM;
  if (target === undefined || !isTracing || /^\??iter/.test(section)) return;
  const result = object.setAttachTarget(name, target.replace(/^(fentry|fexit|lsm):/, ""));
  if (result >= 0) return;
  throw new BpfError(`attach program "${name}" to "${target}"`, result, {
    reason: result === -errno("ESRCH") ? "the kernel has no such function or hook" : undefined,
    detail: takeLog(),
  });
}

function setValues(
  object: BpfObject,
  memory: LinearMemory,
  values: readonly VariableValue[],
): void {
  for (const { section, offset, bytes } of values) {
    memory.bytes.set(bytes, 0);
    const data = { memory, offset: 0, sizeBytes: bytes.length };
    const result = object.setGlobal(section, offset, data);
    if (result < 0) throw diagnoseGlobal(result, section, offset, bytes.length);
  }
}
