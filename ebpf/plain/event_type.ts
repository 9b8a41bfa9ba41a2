/**
 * Types of the records of a map or an iterator, by the order of evidence that `docs/objects.md` has.
 * Each rule either proves the type or leaves it open: what no rule proves is shown as bytes.
 */
import { Btf, coreTypes, Kind, resolve, Sizes } from "../btf/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { pointee } from "../btf/maps.ts";
import { DwarfTypes } from "./dwarf.ts";
import { inlineType, type TypeAt } from "./inline_type.ts";
import { unknownName } from "./errors.ts";
import { contextTypes, type ObjectFile } from "./object_file.ts";
import type { OutputSizes } from "./output_calls.ts";
import { byName, closureOf, nameOf, structOf, typeInFile } from "./type_lookup.ts";

/** One type of records. */
export interface EventType {
  readonly name: string;
  readonly type: TypeAt;
  /** Size in bytes. */
  readonly bytes: number;
}

/** Field whose value says which type a record has. */
export interface TagField {
  readonly field: string;
  readonly cases: readonly { readonly value: bigint; readonly type: EventType }[];
}

/** Types of the records of one source, and the rule that found them. */
export interface EventTypes {
  /** Types; several are told apart by their sizes, or by the tag. Empty without evidence. */
  readonly types: readonly EventType[];
  readonly tag?: TagField;
  /** Rule, in a few words. */
  readonly rule: string;
  /** True if shorter records are zero-filled, not of an unknown type. */
  readonly mayBeShort: boolean;
  /** Sizes that programs write, as far as they are constant. */
  readonly sizes: readonly number[];
  /** Names of types that fit, where there are several. */
  readonly candidates: readonly string[];
}

/** Sources of types in addition to the object. */
export interface TypeSources {
  /** `--types`: BTF, an object, or a header. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

/** A source of records: a map, or an iterator program. */
export interface EventSource {
  readonly name: string;
  readonly kind: "map" | "iterator";
}

/** Finds types of one object's records. */
export class TypeFinder {
  readonly #file: ObjectFile;
  readonly #sources: TypeSources;
  #dwarf: DwarfTypes | undefined;
  #excluded: ReadonlySet<number> | undefined;
  #structs: ReadonlyMap<number, readonly EventType[]> | undefined;

  constructor(file: ObjectFile, sources: TypeSources = { files: [] }) {
    this.#file = file;
    this.#sources = sources;
  }

  /**
   * Finds the types of a source.
   *
   * @param given `--event` for it
   * @param declared what annotations, a package or markers declare
   * @throws {HostError} `NO_TYPE`, `BAD_TYPE` for what was given
   */
  find(source: EventSource, given?: string, declared?: EventTypes): EventTypes {
    const outputs = this.#outputs(source);
    const sizes = [...outputs?.sizes ?? []].sort((a, b) => a - b);
    if (given !== undefined) return { ...this.#given(given), sizes };
    if (declared !== undefined) return { ...declared, sizes };
    const none = { types: [], rule: "none", mayBeShort: false, sizes, candidates: [] };
    return this.#mapValue(source, sizes) ?? this.#pointer(sizes, outputs) ??
      this.#bySize(sizes, outputs) ?? this.#variable(outputs, sizes) ??
      this.#fromDwarf(sizes, outputs) ?? { ...none, candidates: this.#candidates(sizes) };
  }

  #outputs({ name, kind }: EventSource): OutputSizes | undefined {
    const { maps, iterators } = this.#file.outputs;
    return kind === "map" ? maps.get(name) : iterators.get(name);
  }

  /** Reads `--event` without its map: a name, several, members in braces, or a tag with cases. */
  #given(text: string): Omit<EventTypes, "sizes"> {
    const rule = "the command line";
    if (/^\s*(packed\s*)?(struct\s*\w*\s*)?\{/.test(text)) {
      const type = typed("event", inlineType(text));
      return { types: [type], rule, mayBeShort: true, candidates: [] };
    }
    const tagged = /^@([\w.]+):(.+)$/s.exec(text);
    if (tagged === null) {
      const types = text.split(",").map((name) => this.type(name.trim()));
      return { types, rule, mayBeShort: types.length === 1, candidates: [] };
    }
    const [, field = "", list = ""] = tagged;
    const cases = list.split(",").map((one) => {
      const [, value = "", name = ""] = /^\s*(-?\w+)\s*=\s*(.+?)\s*$/.exec(one) ?? [];
      if (!/^(-?\d+|0x[\da-f]+)$/i.test(value)) {
        throw new HostError(`Cannot use --event "${text}": "${one}" is not NUMBER=TYPE`, {
          code: "BAD_TYPE",
          hint: "write it like rb=@type:1=exec_event,2=exit_event",
        });
      }
      return { value: BigInt(value), type: this.type(name) };
    });
    const tag = { field, cases };
    const types = cases.map(({ type }) => type);
    return { types, tag, rule, mayBeShort: true, candidates: [] };
  }

  /**
   * Finds a type by its name: in the object's BTF, its DWARF, then the further files.
   *
   * @throws {HostError} `NO_TYPE`
   */
  type(word: string): EventType {
    const name = word.replace(/^struct\s+/, "");
    const { btf } = this.#file;
    const own = btf === undefined ? undefined : byName(btf, name);
    if (own !== undefined && btf !== undefined) return typed(name, { btf, id: own });
    const debug = this.#debugTypes()?.byName(name);
    if (debug !== undefined) return typed(name, debug);
    for (const file of this.#sources.files) {
      const found = typeInFile(file, name);
      if (found !== undefined) return typed(name, found);
    }
    const names = [
      ...[...this.#bySizes().values()].flat().map((one) => one.name),
      ...this.#debugTypes()?.names ?? [],
    ];
    throw unknownName("type", name, [...new Set(names)]);
  }

  #debugTypes(): DwarfTypes | undefined {
    if (this.#file.elf.section(".debug_info") === undefined) return undefined;
    return this.#dwarf ??= new DwarfTypes(this.#file.elf);
  }

  /** The map's `__type(value, …)`, if it is a struct. */
  #mapValue({ name, kind }: EventSource, sizes: readonly number[]): EventTypes | undefined {
    const { btf } = this.#file;
    const value = kind === "map" ? this.#file.map(name)?.value : undefined;
    const id = value === undefined || btf === undefined ? undefined : structOf(btf, value);
    if (id === undefined || btf === undefined) return undefined;
    const type = typed(nameOf(btf, value ?? id), { btf, id });
    // A declaration that the program does not keep proves nothing.
    if (sizes.length > 0 && !sizes.some((size) => fits(size, type))) return undefined;
    const rule = "the map's value type";
    return { types: [type], rule, mayBeShort: true, sizes, candidates: [] };
  }

  /** A variable that points to a struct, which makes compilers keep its type. */
  #pointer(sizes: readonly number[], outputs: OutputSizes | undefined): EventTypes | undefined {
    const { btf, variables } = this.#file;
    if (btf === undefined) return undefined;
    const rule = "a variable that points to the type";
    const pointers = variables.flatMap(({ name, type }) => {
      const target = pointee(btf, type);
      const id = target === undefined ? undefined : structOf(btf, target);
      if (id === undefined || target === undefined) return [];
      const isDummy = /^__eunomia_dummy_.*_ptr$/.test(name);
      return [{ isDummy, type: typed(nameOf(btf, target), { btf, id }) }];
    });
    const dummies = pointers.filter(({ isDummy }) => isDummy).map(({ type }) => type);
    const [dummy] = dummies;
    if (outputs?.isVariable === true && dummies.length === 1 && dummy !== undefined) {
      if (sizes.every((size) => fits(size, dummy))) {
        return { types: [dummy], rule, mayBeShort: true, sizes, candidates: [] };
      }
    }
    for (const among of [dummies, pointers.map(({ type }) => type)]) {
      const types = sizes.map((size) => onlyOne(among.filter(({ bytes }) => bytes === size)));
      if (types.length === 0 || types.includes(undefined)) continue;
      const found = types.filter((type) => type !== undefined);
      return {
        types: found,
        rule,
        mayBeShort: outputs?.isVariable === true,
        sizes,
        candidates: [],
      };
    }
    return undefined;
  }

  /** Constant sizes, each of exactly one struct that is not the kernel's. */
  #bySize(sizes: readonly number[], outputs: OutputSizes | undefined): EventTypes | undefined {
    if (sizes.length === 0 || outputs?.isVariable !== false) return undefined;
    const types = sizes.flatMap((size) => onlyOne(this.#bySizes().get(size) ?? []) ?? []);
    if (types.length < sizes.length) return undefined;
    return { types, rule: "the size of the record", mayBeShort: false, sizes, candidates: [] };
  }

  /** Records that are elements of another map, of which a part is written. */
  #variable(outputs: OutputSizes | undefined, sizes: readonly number[]): EventTypes | undefined {
    const { btf } = this.#file;
    if (outputs === undefined || !outputs.isVariable || btf === undefined) return undefined;
    const [name, ...others] = [...outputs.fromMaps];
    const value = name === undefined || others.length > 0 ? undefined : this.#file.map(name)?.value;
    const id = value === undefined ? undefined : structOf(btf, value);
    if (id === undefined || value === undefined) return undefined;
    const type = typed(nameOf(btf, value), { btf, id });
    if (sizes.some((size) => size > type.bytes)) return undefined;
    const rule = `the value type of map "${name}", whose elements are written`;
    return { types: [type], rule, mayBeShort: true, sizes, candidates: [] };
  }

  #fromDwarf(sizes: readonly number[], outputs: OutputSizes | undefined): EventTypes | undefined {
    if (sizes.length === 0 || outputs?.isVariable !== false) return undefined;
    const debug = this.#debugTypes();
    if (debug === undefined) return undefined;
    const types = sizes.flatMap((size) => {
      const [only, ...others] = debug.bySize(size);
      return only === undefined || others.length > 0 ? [] : [typed(only.name, only.type)];
    });
    if (types.length < sizes.length) return undefined;
    return { types, rule: "debug information", mayBeShort: false, sizes, candidates: [] };
  }

  #candidates(sizes: readonly number[]): string[] {
    const names = sizes.flatMap((size) => [
      ...(this.#bySizes().get(size) ?? []).map(({ name }) => name),
      ...(this.#debugTypes()?.bySize(size) ?? []).map(({ name }) => name),
    ]);
    return [...new Set(names)].slice(0, 8);
  }

  /** Named structs by size, without those of the kernel. */
  #bySizes(): ReadonlyMap<number, readonly EventType[]> {
    if (this.#structs !== undefined) return this.#structs;
    const structs = new Map<number, EventType[]>();
    this.#structs = structs;
    const { btf } = this.#file;
    if (btf === undefined) return structs;
    const excluded = this.#kernelTypes(btf);
    const typedefs = new Map<number, string>();
    const seen = new Set<string>();
    for (let id = 1; id < btf.count; id++) {
      if (btf.kind(id) !== Kind.Typedef) continue;
      const type = btf.type(id);
      if (type.kind === "typedef" && !typedefs.has(type.type)) typedefs.set(type.type, type.name);
    }
    for (let id = 1; id < btf.count; id++) {
      if (btf.kind(id) !== Kind.Struct || excluded.has(id)) continue;
      const type = btf.type(id);
      const name = btf.name(id) || typedefs.get(id) || "";
      if (type.kind !== "struct" || name === "" || CONTEXT.test(name) || seen.has(name)) continue;
      seen.add(name);
      const list = structs.get(type.bytes) ?? [];
      list.push({ name, type: { btf, id }, bytes: type.bytes });
      structs.set(type.bytes, list);
    }
    return structs;
  }

  /** Ids of all that CO-RE relocations and contexts of programs lead to. */
  #kernelTypes(btf: Btf): ReadonlySet<number> {
    if (this.#excluded !== undefined) return this.#excluded;
    const { elf, programs } = this.#file;
    const section = elf.section(".BTF.ext");
    const roots = [
      ...section === undefined ? [] : coreTypes(btf, elf.content(section)),
      ...contextTypes(btf, programs),
    ];
    return this.#excluded = closureOf(btf, roots);
  }
}

/** Names of structs that the kernel hands to programs. */
const CONTEXT =
  /^(trace_event_|trace_entry|bpf_iter_|bpf_raw_tracepoint|bpf_perf_event_data|bpf_sock|bpf_nf_ctx|bpf_sysctl|user_pt_regs|pt_regs$|__sk_buff$|xdp_md$|sk_msg_md$|sk_reuseport_md$|syscall_trace_(enter|exit)$)/;

/** Returns the type with its size. */
export function typed(name: string, type: TypeAt): EventType {
  return { name, type, bytes: new Sizes(type.btf).of(type.id) };
}

function onlyOne<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

/** Reports whether a record can be of a type: a part of one, or one that ends with a flexible array. */
function fits(size: number, { bytes, type: { btf, id } }: EventType): boolean {
  if (size <= bytes) return true;
  const record = resolve(btf, id).type;
  const last = record.kind === "struct" ? record.members.at(-1) : undefined;
  if (last === undefined) return false;
  const { type } = resolve(btf, last.type);
  return type.kind === "array" && type.length === 0;
}
