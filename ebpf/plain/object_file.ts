/** An eBPF object as its file describes it, before anything is opened: programs, maps, variables. */
import { Btf } from "../btf/btf.ts";
import { Kind } from "../btf/btf_types.ts";
import { ElfFile, type ElfSymbol } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";
import { dataSections, type MapDefinition, mapsOf } from "../btf/maps.ts";
import { CallReader, type Calls } from "../inspection/calls.ts";
import { CodeReader } from "../inspection/code.ts";
import { mapFacts } from "../inspection/maps.ts";
import { type SectionKind, sectionKind } from "../inspection/sections.ts";
import { type PlainVariable, variablesOf } from "../inspection/variables.ts";
import { MapType } from "../map_types.ts";
import { OutputCallReader, type OutputCalls } from "./output_calls.ts";

/** A program of an object. */
export interface PlainProgram {
  readonly name: string;
  readonly section: string;
  /** Type by the section's name; undefined for one that is not known. */
  readonly kind: SectionKind | undefined;
  /** Text after the section's kind. */
  readonly target: string | undefined;
  readonly calls: Calls;
}

/** A map of an object, other than its global variables. */
export interface PlainMap {
  readonly name: string;
  /** `BPF_MAP_TYPE_*`. */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
  /** Ids of the types of key and value, where BTF has them. */
  readonly key: number | undefined;
  readonly value: number | undefined;
}

const DATA_SECTION = /^\.(rodata|data|bss)(\..+)?$/;
const MAX_PROGRAMS = 4096;

export type { PlainVariable } from "../inspection/variables.ts";

/** Facts of one object's file, read on demand. */
export class ObjectFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly elf: ElfFile;
  /** Its types; undefined for an object without any. */
  readonly btf: Btf | undefined;
  readonly programs: readonly PlainProgram[];
  readonly maps: readonly PlainMap[];
  readonly variables: readonly PlainVariable[];
  #outputs: OutputCalls | undefined;

  /**
   * Reads an object.
   *
   * @throws {ElfError} when it is not an eBPF object, or damaged
   * @throws {BtfError} when its BTF is damaged
   */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.elf = new ElfFile(bytes);
    if (!this.elf.isEbpf) throw new ElfError("it is an ELF file for another machine");
    const section = this.elf.section(".BTF");
    this.btf = section === undefined ? undefined : new Btf(this.elf.content(section));
    const symbols = this.elf.symbols();
    this.programs = programsOf(this.elf, symbols);
    this.maps = mapsIn(this.elf, this.btf, symbols);
    this.variables = this.btf === undefined ? [] : variablesOf(this.elf, this.btf);
  }

  /** Calls by which programs hand out records. */
  get outputs(): OutputCalls {
    return this.#outputs ??= new OutputCallReader(this.elf).read();
  }

  /** Finds a map by its name. */
  map(name: string): PlainMap | undefined {
    return this.maps.find((map) => map.name === name);
  }

  /** Finds a variable by its name. */
  variable(name: string): PlainVariable | undefined {
    return this.variables.find((variable) => variable.name === name);
  }
}

/** libbpf's rule: functions of every section of code except `.text`, which has the subprograms. */
function programsOf(elf: ElfFile, symbols: readonly ElfSymbol[]): PlainProgram[] {
  const reader = new CallReader(new CodeReader(elf));
  const functions = symbols.filter(({ kind, section, isGlobal }) => {
    const home = elf.sections[section];
    return kind === "function" && isGlobal && home?.isCode === true && home.name !== ".text";
  });
  if (functions.length > MAX_PROGRAMS) throw new ElfError(`it has ${functions.length} programs`);
  return functions.map((symbol) => {
    const section = elf.sections[symbol.section]?.name ?? "";
    const found = sectionKind(section) ?? extendedKind(section);
    const calls = reader.callsOf(symbol);
    return { name: symbol.name, section, kind: found?.kind, target: found?.target, calls };
  });
}

const SOCKET: SectionKind = { type: 1, attachType: 0, hasTarget: false };
const CLASSIFIER: SectionKind = { type: 3, attachType: 0, hasTarget: false };
const PERF_EVENT: SectionKind = { type: 7, attachType: 0, hasTarget: false };

/** Sections that libbpf does not know and others use: the type is set by their prefix. */
function extendedKind(
  section: string,
): { kind: SectionKind; target: string | undefined } | undefined {
  if (/^socket\d/.test(section)) return { kind: SOCKET, target: undefined };
  if (/^perf_event\//.test(section)) return { kind: PERF_EVENT, target: undefined };
  if (/^(classifier|tc)\//.test(section)) return { kind: CLASSIFIER, target: undefined };
  return undefined;
}

function mapsIn(
  elf: ElfFile,
  btf: Btf | undefined,
  symbols: readonly ElfSymbol[],
): PlainMap[] {
  const custom = elf.sections.find(({ name }) => /^\.maps\../.test(name));
  if (custom !== undefined) {
    throw new ElfError(`section "${custom.name}" holds maps, which libbpf does not support`, {
      code: "CUSTOM_MAPS",
      hint: 'declare maps in SEC(".maps")',
    });
  }
  const definitions = new Map<string, MapDefinition>(
    btf === undefined ? [] : mapsOf(btf, dataSections(btf)).map((one) => [one.name, one]),
  );
  const legacy = legacyTypes(elf, symbols);
  return mapFacts(elf, btf).filter(({ name }) => !DATA_SECTION.test(name) && name !== ".kconfig")
    .map(({ name, keyBytes, valueBytes, maxEntries }) => {
      const definition = definitions.get(name);
      return {
        name,
        ...{ keyBytes, valueBytes, maxEntries },
        type: definition?.type ?? legacy.get(name) ?? 0,
        key: definition?.key,
        value: definition?.value,
      };
    });
}

/** Types of maps in an old `maps` section. */
function legacyTypes(elf: ElfFile, symbols: readonly ElfSymbol[]): Map<string, number> {
  const index = elf.sections.findIndex(({ name }) => name === "maps");
  const section = elf.sections[index];
  if (section === undefined) return new Map();
  const bytes = elf.content(section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Map(
    symbols.filter((one) => one.section === index && one.value + 4 <= bytes.length)
      .map(({ name, value }) => [name, view.getUint32(value, true)]),
  );
}

/** Reports whether programs hand records to this kind of map. */
export function isEventMap({ type }: Pick<PlainMap, "type">): boolean {
  return type === MapType.RingBuffer || type === MapType.PerfEventArray;
}

/** Yields the ids of functions by name, with the types of their first parameters. */
export function contextTypes(btf: Btf, programs: readonly PlainProgram[]): number[] {
  const names = new Set(programs.map(({ name }) => name));
  const types: number[] = [];
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== Kind.Func || !names.has(btf.name(id))) continue;
    const func = btf.type(id);
    const proto = func.kind === "func" ? btf.type(func.type) : undefined;
    if (proto?.kind === "proto") types.push(...proto.parameters.map(({ type }) => type));
  }
  return types;
}
