/**
 * Programs of an object that are loaded. Objects hold some hooks twice, for kernels that lack the
 * better way (tp_btf and raw_tp, fentry and kprobe): both would count everything twice.
 */
import { HostError } from "../../ffi/errors.ts";
import { type AttachSubject, parseAttachTarget } from "../attach_target.ts";
import { ProgramType } from "../program_types.ts";
import { TargetSyntaxError } from "../target_parts.ts";
import { unknownName } from "./errors.ts";
import type { ObjectFile, PlainProgram } from "./object_file.ts";

/** Wishes about programs. */
export interface ProgramChoice {
  /** Programs to load alone; all without it. */
  readonly only?: readonly string[];
  /** Programs to leave out. */
  readonly without?: readonly string[];
  /** Targets by program. */
  readonly attach: ReadonlyMap<string, readonly string[]>;
  /** Network interfaces for programs that need one and have no target. */
  readonly interfaces: readonly string[];
  /** Programs of one place, by ways, the best way first. */
  readonly ways?: readonly (readonly (readonly string[])[])[];
  /** Programs that may be missing. */
  readonly optional?: readonly string[];
}

/** Ways to the same place, the best first. */
const WAYS: readonly (readonly string[])[] = [
  ["fentry", "kprobe"],
  ["fexit", "kretprobe"],
  ["tp_btf", "raw_tp", "tp"],
];
const SAME_WORD: Readonly<Record<string, string>> = {
  "raw_tracepoint": "raw_tp",
  "tracepoint": "tp",
};

/** Programs that run at the same place, by the way that they are attached. */
export type Group = readonly (readonly PlainProgram[])[];

/**
 * Returns the programs by place, each place's ways from the best to the last.
 *
 * @param known places that the object names, in addition to those that sections show
 */
export function groupsOf(
  programs: readonly PlainProgram[],
  known: ProgramChoice["ways"] = [],
): Group[] {
  const named = new Set(known.flat(2));
  const find = (names: readonly string[]) => programs.filter(({ name }) => names.includes(name));
  const declared = known.map((ways) => ways.map(find).filter((way) => way.length > 0));
  return [
    ...declared.filter((ways) => ways.length > 0),
    ...groupsBySection(programs.filter(({ name }) => !named.has(name))),
  ];
}

function groupsBySection(programs: readonly PlainProgram[]): Group[] {
  const groups = new Map<string, Map<number, PlainProgram[]>>();
  for (const program of programs) {
    const place = placeOf(program);
    const key = place === undefined ? `alone ${program.name}` : place.key;
    const ways = groups.get(key) ?? new Map<number, PlainProgram[]>();
    groups.set(key, ways);
    const rank = place?.rank ?? 0;
    ways.set(rank, [...ways.get(rank) ?? [], program]);
  }
  return [...groups.values()].map((ways) =>
    [...ways].sort(([a], [b]) => a - b).map(([, programs]) => programs)
  );
}

function placeOf({ section }: PlainProgram): { key: string; rank: number } | undefined {
  const [, written = "", target = ""] = /^\??([a-z_]+)(?:\.s)?\/(.+)$/s.exec(section) ?? [];
  const word = SAME_WORD[written] ?? written;
  const index = WAYS.findIndex((ways) => ways.includes(word));
  // Placeholders name no place.
  if (index < 0 || isPlaceholder(target)) return undefined;
  // tp_btf and raw_tp leave the category out.
  const name = index === 2 ? target.split("/").at(-1) ?? target : target;
  return { key: `${index} ${name}`, rank: WAYS[index]?.indexOf(word) ?? 0 };
}

/** Reports whether a target is a placeholder, which a tool replaces before the load. */
export function isPlaceholder(target: string): boolean {
  return /^(dummy|placeholder)(_|$)|^X{3,}$/.test(target);
}

/** Sections that others use for a program that is never loaded. */
const DISABLED = /^\??\*\/|gadget_program_disabled/;

/**
 * Returns the programs that may be loaded, without those that a wish or their section leaves out.
 *
 * @throws {HostError} `NO_PROGRAM` for a name that the object does not have
 */
export function wantedPrograms(file: ObjectFile, choice: ProgramChoice): PlainProgram[] {
  const names = file.programs.map(({ name }) => name);
  const { only, without = [], attach } = choice;
  for (const name of [...only ?? [], ...without, ...attach.keys()]) {
    if (!names.includes(name)) throw unknownName("program", name, names);
  }
  const wanted = file.programs.filter(({ name, section }) =>
    !DISABLED.test(section) && !without.includes(name) &&
    (only === undefined || only.includes(name)) &&
    (!section.startsWith("?") || only?.includes(name) === true || attach.has(name))
  );
  if (wanted.length > 0) return wanted;
  throw new HostError("Cannot run the object: it has no program to load", {
    code: "NO_PROGRAM",
    hint: file.programs.length === 0
      ? undefined
      : `pass --only with some of: ${names.slice(0, 20).join(", ")}`,
  });
}

/** Programs that a map or another program calls, or that run from a socket: never attached. */
const CALLED_TYPES: ReadonlySet<number> = new Set([4, 10, 11, 12, 14, 16, 19, 20, 21, 31]);

/** Way in which a program gets its targets. */
export type Placement =
  /** Attached to each of these; "" for the section's own. */
  | { readonly kind: "attach"; readonly targets: readonly string[] }
  /** Loaded for a map that calls it. */
  | { readonly kind: "called" }
  /** Lacks a target. */
  | { readonly kind: "lacking"; readonly reason: string; readonly form: string };

/** Returns how a program is attached. */
export function placementOf(
  file: ObjectFile,
  program: PlainProgram,
  choice: ProgramChoice,
): Placement {
  const given = choice.attach.get(program.name);
  if (given !== undefined) return { kind: "attach", targets: given };
  const { kind, section, target } = program;
  if (kind === undefined) {
    return { kind: "lacking", reason: `section "${section}" names no type`, form: "" };
  }
  if (CALLED_TYPES.has(kind.type) || calledByMaps(file).has(program.name)) {
    return { kind: "called" };
  }
  if (/^xdp.*\/(dev|cpu)map$/.test(section)) return { kind: "called" };
  if (kind.type === ProgramType.STRUCT_OPS) return { kind: "called" };
  if (target !== undefined && isPlaceholder(target)) {
    return { kind: "lacking", reason: `"${section}" is a placeholder`, form: formOf(program) };
  }
  const subject = subjectOf(program);
  const refusal = refusalOf(subject, "");
  if (refusal === undefined) {
    return isBareSection(program)
      ? { kind: "lacking", reason: "its section names no place", form: formOf(program) }
      : { kind: "attach", targets: [""] };
  }
  const fitting = choice.interfaces.filter((name) => refusalOf(subject, name) === undefined);
  if (fitting.length > 0 && takesInterface(kind.type)) {
    return { kind: "attach", targets: fitting.map((name) => withDirection(section, name)) };
  }
  return { kind: "lacking", reason: "its section names no place", form: refusal.hint };
}

/** Reports whether a type of programs runs on a network interface. */
export function takesInterface(type: number): boolean {
  return type === ProgramType.XDP || type === ProgramType.SCHED_CLS ||
    type === ProgramType.SOCKET_FILTER;
}

/** Sections such as `classifier/egress/NAME` have the direction. */
function withDirection(section: string, name: string): string {
  return /^(classifier|tc)\/egress(\/|$)/.test(section) && !/^tc\/egress$/.test(section)
    ? `${name}:egress`
    : name;
}

/** libbpf takes `kprobe` and `tp` alone, and attaches them nowhere. */
function isBareSection({ section }: PlainProgram): boolean {
  return /^\??(k(ret)?probe|k(ret)?syscall|tp|tracepoint|raw_tp|raw_tracepoint|fentry|fexit|tp_btf|lsm|fmod_ret)(\.s|\.multi|\.session)?$/
    .test(section);
}

function subjectOf({ kind, section }: PlainProgram): AttachSubject {
  return { type: kind?.type ?? 0, attachType: kind?.attachType ?? 0, section };
}

function refusalOf(subject: AttachSubject, target: string): TargetSyntaxError | undefined {
  try {
    parseAttachTarget(subject, target);
    return undefined;
  } catch (error) {
    if (error instanceof TargetSyntaxError) return error;
    throw error;
  }
}

function formOf({ kind, section }: PlainProgram): string {
  const word = /^\??([a-z_]+)/.exec(section)?.[1] ?? "";
  if (kind?.type === ProgramType.KPROBE && /^k/.test(word)) {
    return `such as "${word}:do_unlinkat"`;
  }
  if (kind?.type === ProgramType.TRACEPOINT) return 'such as "sched/sched_process_exec"';
  if (kind?.type === ProgramType.RAW_TRACEPOINT) return 'such as "sched_process_exec"';
  return 'the name of a kernel function, such as "vfs_read"';
}

const called = new WeakMap<ObjectFile, ReadonlySet<string>>();

/** Names of programs that maps hold from the start: tail calls. */
function calledByMaps(file: ObjectFile): ReadonlySet<string> {
  const known = called.get(file);
  if (known !== undefined) return known;
  const { elf } = file;
  const index = elf.sections.findIndex(({ name }) => name === ".maps");
  const symbols = elf.symbolTable();
  const names = new Set(
    (index < 0 ? [] : elf.relocations(index)).flatMap(({ symbol }) => {
      const found = symbols[symbol];
      return found?.kind === "function" ? [found.name] : [];
    }),
  );
  called.set(file, names);
  return names;
}
