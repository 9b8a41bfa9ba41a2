/** From bytes to text: reads, chooses, lowers, emits. */
import config from "../deno.json" with { type: "json" };
import { type Btf, dataSections, Kind } from "../ebpf/btf/mod.ts";
import { plain } from "./describe.ts";
import { EMITTERS } from "./emit/mod.ts";
import { BindgenError, BtfError, ElfError } from "./errors.ts";
import { globalsOf, sectionIdentifier } from "./globals.ts";
import { Lowering } from "./lower.ts";
import type { Model } from "./model.ts";
import { identifier } from "./names.ts";
import { defaultRoots } from "./select.ts";
import { emitSkeleton } from "./emit/skeleton.ts";
import { readSource, type Source } from "./source.ts";
import type { Target } from "./targets.ts";

/** Output to make, and its input. */
export interface GenerateOptions {
  /** The language, or `skeleton`. */
  readonly target: Target;
  /** Name of the file that the bytes come from, which the emitted file mentions; "" for none. */
  readonly source: string;
  /**
   * Types by name, such as `event` or `struct event`: for an object in addition to its default
   * ones, for raw BTF instead of all.
   */
  readonly types?: readonly string[];
  /** The package of a Go file; "main" when absent. */
  readonly goPackage?: string;
  /**
   * A marker trait, such as `wasm_bpf::Plain`, that Rust's types implement: any bytes make a value, and no
   * byte of a value is padding.
   */
  readonly rustTrait?: string;
}

/** Generated output. */
export interface Generated {
  /** The file's content. */
  readonly text: string;
  /** Notes for the user, in whole sentences. */
  readonly notes: readonly string[];
}

/**
 * Makes bindings.
 *
 * @param bytes an ELF file with BTF, or raw BTF
 * @throws {ElfError} for a damaged file
 * @throws {BtfError} for damaged BTF, or none
 * @throws {BindgenError} `NO_TYPE` when a type is not there
 */
export function generate(bytes: Uint8Array<ArrayBuffer>, options: GenerateOptions): Generated {
  try {
    return generated(bytes, options);
  } catch (error) {
    const isAboutInput = error instanceof ElfError || error instanceof BtfError;
    throw isAboutInput ? error.in(nameOf(options.source)) : error;
  }
}

/** Returns the name of a file for errors. */
function nameOf(file: string): string {
  return file || "standard input";
}

function generated(
  bytes: Uint8Array<ArrayBuffer>,
  { target, source: file, types = [], goPackage = "main", rustTrait = "" }: GenerateOptions,
): Generated {
  const source = readSource(bytes);
  if (target === "skeleton") return skeletonOf(source, file, types);
  const name = objectName(file);
  const { model, eventsUnknown } = modelOf(source, { wanted: types, name, file });
  const header = headerLines(target, file);
  const context = { header, name, goPackage, rustTrait };
  return {
    text: EMITTERS[target](model, context),
    notes: eventsUnknown ? [EVENTS_UNKNOWN] : [],
  };
}

const EVENTS_UNKNOWN =
  "The object sends events. Unless their type is that of a map or variable as well, clang has left " +
  "it out of BTF, since nothing refers to it. A line like this one in the source keeps it: " +
  "static const struct event *event_type __attribute__((used));";

function skeletonOf(
  { btf, object }: Source,
  file: string,
  types: readonly string[],
): Generated {
  if (object === undefined) {
    throw new BindgenError(`Cannot make a skeleton of ${nameOf(file)}: not an eBPF object`, {
      code: "NO_OBJECT",
      hint: "pass an object made by clang -target bpf, a .bpf.o",
    });
  }
  if (types.length > 0) {
    throw new BindgenError("Cannot add types to a skeleton: it does not define types", {
      code: "NO_OBJECT",
      hint: "make a header of types with wasm-bpf gen c",
    });
  }
  const text = emitSkeleton({ btf, object }, {
    header: headerLines("skeleton", file),
    name: objectName(file),
  });
  const debug = object.elf.section(".debug_info");
  return { text, notes: debug === undefined ? [] : [HAS_DEBUG_INFO] };
}

const HAS_DEBUG_INFO =
  "The object carries debug information, and so will the guest. llvm-strip -g removes it, and keeps BTF.";

/** Returns bpftool's name for an object: `bootstrap_bpf` of "bootstrap.bpf.o". */
function objectName(file: string): string {
  return identifier(file.replace(/^.*\//, "").replace(/\.o$/, "") || "stdin");
}

function headerLines(target: Target, file: string): string[] {
  const name = plain(file.replace(/^.*\//, "") || "standard input");
  return [
    `Made by wasm-bpf ${config.version} from ${name}: wasm-bpf gen ${target}. Do not edit.`,
  ];
}

/**
 * The types that are emitted: the default ones, or those of a name, or both.
 *
 * @param options.name of the object, for the structs of its global variables
 * @param options.file where the BTF is from, as errors name it
 */
export function modelOf(
  source: Source,
  { wanted, name, file = "" }: { wanted: readonly string[]; name: string; file?: string },
): { model: Model; eventsUnknown: boolean } {
  const { btf, object } = source;
  const sections = object === undefined ? [] : dataSections(btf);
  const lowering = new Lowering(btf);
  const named = wanted.flatMap((name) => rootsNamed(btf, name, file));
  const takesDefault = object !== undefined || wanted.length === 0;
  const { roots, eventsUnknown } = takesDefault
    ? defaultRoots(source, sections)
    : { roots: [], eventsUnknown: false };
  for (const { id, hint } of roots) lowering.add(id, hint);
  for (const id of named) lowering.addNamed(id);
  const nameOf = (section: string) => `${name}_${sectionIdentifier(section)}`;
  const globals = globalsOf(source, lowering, { sections, nameOf, hinted: true });
  return { model: { types: lowering.types, globals }, eventsUnknown };
}

const KINDS: Readonly<Record<string, readonly number[]>> = {
  struct: [Kind.Struct],
  union: [Kind.Union],
  enum: [Kind.Enum, Kind.Enum64],
  typedef: [Kind.Typedef],
  "": [Kind.Struct, Kind.Union, Kind.Enum, Kind.Enum64, Kind.Typedef],
};

function rootsNamed(btf: Btf, wanted: string, file: string): number[] {
  const [, keyword = "", name = ""] = /^(?:(struct|union|enum|typedef)\s+)?(.*)$/.exec(wanted) ??
    [];
  const kinds = KINDS[keyword] ?? [];
  const found = name === "" ? [] : btf.find(name, (kind) => kinds.includes(kind));
  if (found.length > 0) return found;
  throw new BindgenError(`Cannot find the type ${wanted} in the BTF of ${nameOf(file)}`, {
    code: "NO_TYPE",
    hint: declared(btf, name) ??
      "list its types with bpftool btf dump file FILE; clang omits unused ones",
  });
}

/** Returns a hint for a name that is only declared, as in `struct foo;`. */
function declared(btf: Btf, name: string): string | undefined {
  if (name === "" || btf.find(name, (kind) => kind === Kind.Fwd).length === 0) return undefined;
  return "it is declared, but not defined: the source does not use its members";
}
