/** Reports what an eBPF object does to the kernel, without loading it. */
import { Btf } from "../btf/btf.ts";
import { ElfFile, type ElfSymbol } from "../btf/elf.ts";
import { ElfError } from "../btf/errors.ts";
import { helperByNumber, kfuncByLocalName } from "../permissions/entries.ts";
import { KINDS } from "../permissions/kinds.ts";
import { type Level, LEVELS } from "../permissions/levels.ts";
import { CallReader, type Calls } from "./calls.ts";
import { CodeReader } from "./code.ts";
import { type KernelMinimum, mapNeedsOf, minimumOf, programNeedsOf } from "./kernel_minimum.ts";
import { type GlobalFacts, globalFacts } from "./globals.ts";
import { mapPointerLoads } from "./map_pointers.ts";
import { type MapFacts, mapFacts } from "./maps.ts";
import { levelsOfSection, sectionKind } from "./sections.ts";
import { summarize } from "./summary.ts";

/** A program of an object. */
export interface ProgramFacts {
  /** The C function's name. */
  readonly name: string;
  /** The ELF section, such as `tp/sched/sched_process_exec`. */
  readonly section: string;
  /** Name of the program type, such as `tracepoint`; `unknown` for a section that libbpf does not know. */
  readonly type: string;
  /** Where the section attaches it, if that is in its name. */
  readonly target: string | undefined;
  /** Highest level of its kind and of all that it calls. */
  readonly level: Level;
  /** Names of helpers, `helper N` where the number is not known. */
  readonly helpers: readonly string[];
  /** Names of kernel functions. */
  readonly kfuncs: readonly string[];
  /** Names of variables of the kernel that it reads. */
  readonly variables: readonly string[];
  /** True if it reads memory of the kernel by the address of a map. */
  readonly readsByMap: boolean;
  /** All levels that it needs, in the order of the table. */
  readonly levels: readonly Level[];
  /** The kind and the calls that give it a level above `observe`. */
  readonly reasons: readonly string[];
}

/** All that can be known of an object before it is loaded. */
export interface ObjectFacts {
  readonly sizeBytes: number;
  readonly license: string | undefined;
  readonly programs: readonly ProgramFacts[];
  readonly maps: readonly MapFacts[];
  /** Bytes of all maps in the kernel when they are full. */
  readonly mapsMemoryBytes: number;
  /** Global variables. */
  readonly globals: readonly GlobalFacts[];
  /** Oldest Linux that has its types, helpers and instructions. */
  readonly kernel: KernelMinimum;
  /** Highest level of its programs. */
  readonly level: Level;
  /** One line, such as "observes the kernel; reads memory; changes nothing". */
  readonly summary: string;
}

/** More than any tool has; a hostile file may name one function very often. */
const MAX_PROGRAMS = 4096;

/**
 * Inspects an object.
 *
 * @param options.cpus possible CPUs of the machine that the memory of maps is counted for; default: 1
 * @throws {ElfError} when it is not an eBPF object, or damaged
 * @throws {BtfError} when its BTF is damaged
 */
export function inspectObject(
  bytes: Uint8Array<ArrayBuffer>,
  { cpus = 1 }: { cpus?: number } = {},
): ObjectFacts {
  const elf = new ElfFile(bytes);
  if (!elf.isEbpf) throw new ElfError("it is not an eBPF object");
  const section = elf.section(".BTF");
  const btf = section === undefined ? undefined : new Btf(elf.content(section));
  const maps = mapFacts(elf, btf, cpus);
  const mapsOfMaps = maps.filter(({ type }) => type.endsWith("_of_maps")).map(({ name }) => name);
  const code = new CodeReader(elf);
  const calls = new CallReader(code, mapPointerLoads(code, new Set(mapsOfMaps)));
  const functions = programFunctions(elf);
  if (functions.length > MAX_PROGRAMS) throw new ElfError(`it has ${functions.length} programs`);
  const programs = functions.map((symbol) => programFacts(elf, symbol, calls.callsOf(symbol)));
  const needs = functions.flatMap((symbol, i) =>
    programNeedsOf(
      programs[i]?.type ?? "",
      sectionKind(programs[i]?.section ?? "")?.kind,
      calls.callsOf(symbol),
      { section: programs[i]?.section ?? "", nameOf: helperName },
    )
  );
  return {
    sizeBytes: bytes.length,
    license: license(elf),
    programs,
    maps,
    mapsMemoryBytes: maps.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    globals: globalFacts(elf, btf),
    kernel: minimumOf([...needs, ...mapNeedsOf(maps)]),
    level: highest(programs.map(({ level }) => level)),
    summary: summarize(programs),
  };
}

/** Returns the latest of some levels in the order of the table. */
export function highest(levels: readonly Level[]): Level {
  return LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))] ?? "never";
}

/**
 * libbpf's rule: functions of every section of code except `.text`, which has the subprograms; a
 * function that is alone is a program there, too.
 */
function programFunctions(elf: ElfFile): ElfSymbol[] {
  const functions = elf.symbols().filter(({ kind, section }) =>
    kind === "function" && elf.sections[section]?.isCode === true
  );
  if (functions.length === 1) return functions;
  return functions.filter(({ section }) => elf.sections[section]?.name !== ".text");
}

function programFacts(elf: ElfFile, symbol: ElfSymbol, calls: Calls): ProgramFacts {
  const section = elf.sections[symbol.section]?.name ?? "";
  const found = sectionKind(section);
  const kindLevels = levelsOfSection(section);
  const type = found === undefined ? "unknown" : KINDS[found.kind.type]?.name ?? "unknown";
  const effects = effectsOf(calls);
  const needed = new Set([...kindLevels, ...effects.map(({ level }) => level)]);
  const level = highest([...needed]);
  return {
    name: symbol.name,
    section,
    type,
    target: found?.target,
    level,
    helpers: [...calls.helpers].map(helperName).sort(),
    kfuncs: [...calls.kfuncs].sort(),
    variables: [...calls.variables].sort(),
    readsByMap: calls.readsByMap,
    levels: LEVELS.filter((one) => needed.has(one)),
    reasons: level === "observe" ? [] : [
      ...(kindLevels.includes(level) ? [type] : []),
      ...effects.filter((effect) => effect.level === level).map(({ name }) => name).sort(),
    ],
  };
}

/** A call with its level; what is in no table counts as `write`. */
function effectsOf(
  { helpers, kfuncs, variables, isIndirect, readsByMap }: Calls,
): { name: string; level: Level }[] {
  return [
    ...[...helpers].map((number) => ({
      name: helperName(number),
      level: helperByNumber(number)?.level ?? "write" as const,
    })),
    ...[...kfuncs].map((name) => ({
      name,
      level: kfuncByLocalName(name)?.level ?? "write" as const,
    })),
    ...[...variables].map((name) => ({ name, level: "inspect" as const })),
    ...(readsByMap ? [{ name: "memory by the address of a map", level: "inspect" as const }] : []),
    ...(isIndirect ? [{ name: "an indirect call", level: "never" as const }] : []),
  ];
}

function helperName(number: number): string {
  return helperByNumber(number)?.name ?? `helper ${number}`;
}

function license(elf: ElfFile): string | undefined {
  const section = elf.section("license");
  if (section === undefined) return undefined;
  const bytes = elf.content(section).subarray(0, 64);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
