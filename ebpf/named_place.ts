/**
 * Targets that name a place independent of their section, like libbpf's attach functions.
 */
import { ProgramType } from "./program_types.ts";
import { TargetSyntaxError, utf8Length, wholeNumber } from "./target_parts.ts";

/** `enum shim_kernel_place`. */
export const KernelPlace = {
  KPROBE: 1,
  KRETPROBE: 2,
  KSYSCALL: 3,
  KRETSYSCALL: 4,
  TRACEPOINT: 5,
  RAW_TRACEPOINT: 6,
} as const;

/** A place in the kernel. */
interface NamedKernelPlace {
  kind: "kernel";
  place: number;
  name: string;
  offset: bigint;
}

/** A place in a binary, in the words of the section that has it. */
interface NamedBinary {
  section: string;
  rest: string;
}

const PROBE_FORM =
  'the target is KIND:FUNCTION[+OFFSET], KIND being kprobe, kretprobe, ksyscall or kretsyscall, such as "kprobe:do_unlinkat"';
const TRACEPOINT_FORM = 'the target is CATEGORY/NAME, such as "sched/sched_process_exec"';
const RAW_FORM = 'the target is the name of a tracepoint, such as "sched_process_exec"';

/** The kernel's own limit (`KSYM_NAME_LEN`). */
const MAX_NAME_BYTES = 511;

/**
 * Reads a target that names a place, for kinds of programs that have one in their section otherwise.
 *
 * @returns `undefined` for an empty target and one of another form
 * @throws {TargetSyntaxError}
 */
export function namedPlace(
  type: number,
  target: string,
): NamedKernelPlace | NamedBinary | undefined {
  if (target === "") return undefined;
  switch (type) {
    case ProgramType.KPROBE:
      return probe(target);
    case ProgramType.TRACEPOINT:
      return kernel(
        KernelPlace.TRACEPOINT,
        match(target, /^[\w-][\w.-]*\/[\w-][\w.-]*$/, TRACEPOINT_FORM),
      );
    case ProgramType.RAW_TRACEPOINT:
    case ProgramType.RAW_TRACEPOINT_WRITABLE:
      return kernel(KernelPlace.RAW_TRACEPOINT, match(target, /^[\w-][\w.-]*$/, RAW_FORM));
    default:
      return undefined;
  }
}

const PROBES = new Map<string, number>([
  ["kprobe", KernelPlace.KPROBE],
  ["kretprobe", KernelPlace.KRETPROBE],
  ["ksyscall", KernelPlace.KSYSCALL],
  ["kretsyscall", KernelPlace.KRETSYSCALL],
]);

const BINARIES = new Set(["uprobe", "uretprobe", "usdt"]);

function probe(target: string): NamedKernelPlace | NamedBinary | undefined {
  const [, word = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(target) ?? [];
  if (BINARIES.has(word)) return { section: word, rest };
  const place = PROBES.get(word);
  if (place === undefined) return undefined;
  const [name = "", offset] = rest.split("+", 2);
  const known = kernel(place, match(name, /^[\w.$]+$/, PROBE_FORM));
  if (offset === undefined) return known;
  if (place !== KernelPlace.KPROBE) {
    throw new TargetSyntaxError("only a kprobe has an offset", PROBE_FORM);
  }
  const range = { min: 0n, max: 2n ** 32n };
  return { ...known, offset: wholeNumber(offset, "offset", range, PROBE_FORM) };
}

function kernel(place: number, name: string): NamedKernelPlace {
  return { kind: "kernel", place, name, offset: 0n };
}

function match(text: string, pattern: RegExp, form: string): string {
  if (pattern.test(text) && utf8Length(text) <= MAX_NAME_BYTES) return text;
  throw new TargetSyntaxError("not a valid name of a place in the kernel", form);
}
