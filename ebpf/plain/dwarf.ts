/** Types of records from DWARF: structs of the object's own sources, by name or size. */
import type { ElfFile } from "../btf/elf.ts";
import { BtfWriter, type NewMember } from "./btf_writer.ts";
import { At, type Entry, Tag } from "./dwarf_entry.ts";
import { readEntries } from "./dwarf_reader.ts";
import type { TypeAt } from "./inline_type.ts";

/** Headers that describe the kernel or libraries, not records. */
const FOREIGN = /(^|\/)vmlinux[\w.-]*\.h$|^\/usr\/|\/linux\/|\/asm(-generic)?\/|\/bpf\/bpf_\w+\.h$/;
/** Structs within structs, and types behind types. */
const MAX_DEPTH = 64;
const MAX_MEMBERS = 1 << 16;

/** The structs of one object's DWARF. */
export class DwarfTypes {
  readonly #entries: ReadonlyMap<number, Entry>;
  /** Structs with members, by offset; those of typedefs have the typedef's name. */
  readonly #structs: readonly { readonly entry: Entry; readonly name: string }[];

  /** @throws {ElfError} `BAD_DWARF` when it is damaged */
  constructor(elf: ElfFile) {
    this.#entries = readEntries(elf);
    const typedefs = new Map<number, string>();
    for (const { tag, type, name } of this.#entries.values()) {
      if (tag === Tag.Typedef && name !== "" && !typedefs.has(type)) typedefs.set(type, name);
    }
    this.#structs = [...this.#entries.values()].filter((entry) =>
      entry.tag === Tag.Structure && entry.children.length > 0
    ).map((entry) => ({ entry, name: entry.name || typedefs.get(entry.at) || "" }));
  }

  /** Names of structs of the object's own sources. */
  get names(): string[] {
    return [
      ...new Set(
        this.#structs.filter(({ entry, name }) => name !== "" && !FOREIGN.test(entry.file))
          .map(({ name }) => name),
      ),
    ];
  }

  /** Finds a struct by its name. */
  byName(name: string): TypeAt | undefined {
    const found = this.#structs.find((one) => one.name === name);
    return found && this.#typeOf(found.entry, name);
  }

  /**
   * Finds the named structs of a size that the object's own sources declare; of several, those that a
   * variable points to.
   */
  bySize(bytes: number): { readonly name: string; readonly type: TypeAt }[] {
    const unique = new Map<string, Entry>();
    for (const { entry, name } of this.#structs) {
      if (entry.values.get(At.ByteSize) !== bytes || name === "") continue;
      if (entry.file !== "" && !FOREIGN.test(entry.file) && !unique.has(name)) {
        unique.set(name, entry);
      }
    }
    const all = [...unique].map(([name, entry]) => ({ name, entry }));
    const used = all.length < 2 ? all : all.filter(({ entry }) => this.#isPointedTo(entry.at));
    return (used.length === 0 ? all : used)
      .map(({ name, entry }) => ({ name, type: this.#typeOf(entry, name) }));
  }

  #isPointedTo(struct: number): boolean {
    for (const { tag, type } of this.#entries.values()) {
      if (tag !== Tag.Variable) continue;
      const pointer = this.#plain(type);
      const target = pointer === undefined ? undefined : this.#plain(pointer.type);
      if (pointer?.at === struct) return true;
      if (pointer?.tag === Tag.Pointer && target?.at === struct) return true;
    }
    return false;
  }

  /** Takes typedefs and qualifiers away. */
  #plain(at: number): Entry | undefined {
    let entry = this.#entries.get(at);
    for (let depth = 0; depth < MAX_DEPTH && entry !== undefined; depth++) {
      const isWrapper = entry.tag === Tag.Typedef || entry.tag === Tag.Const ||
        entry.tag === Tag.Volatile;
      if (!isWrapper) return entry;
      entry = this.#entries.get(entry.type);
    }
    return undefined;
  }

  #typeOf(entry: Entry, name: string): TypeAt {
    const converter = new Converter(this.#entries);
    const id = converter.struct(entry, name, 0);
    return { btf: converter.writer.finish(), id };
  }
}

/** Writes BTF of an entry and of all that it contains. */
class Converter {
  readonly writer = new BtfWriter();
  readonly #entries: ReadonlyMap<number, Entry>;
  #members = 0;

  constructor(entries: ReadonlyMap<number, Entry>) {
    this.#entries = entries;
  }

  struct(entry: Entry, name: string, depth: number): number {
    const members = entry.children.filter(({ tag }) => tag === Tag.Member)
      .flatMap((member): NewMember[] => {
        if (++this.#members > MAX_MEMBERS) return [];
        const { values } = member;
        const bits = values.get(At.BitSize);
        const bitOffset = values.get(At.DataBitOffset) ?? (values.get(At.MemberLocation) ?? 0) * 8;
        const type = this.#type(member.type, depth + 1);
        if (type === 0) return [];
        return [{ name: member.name, type, bitOffset, ...(bits === undefined ? {} : { bits }) }];
      });
    const kind = entry.tag === Tag.Union ? "union" : "struct";
    return this.writer.record(kind, name, entry.values.get(At.ByteSize) ?? 0, members);
  }

  /** Returns 0 for what has no size. */
  #type(at: number, depth: number): number {
    const entry = this.#entries.get(at);
    if (entry === undefined || depth > MAX_DEPTH) return 0;
    const { writer } = this;
    const bytes = entry.values.get(At.ByteSize) ?? 0;
    switch (entry.tag) {
      case Tag.Base:
        return this.#base(entry, bytes);
      case Tag.Pointer:
        return writer.pointer();
      case Tag.Const:
      case Tag.Volatile:
        return this.#type(entry.type, depth + 1);
      case Tag.Typedef: {
        const type = this.#type(entry.type, depth + 1);
        return type === 0 ? 0 : writer.typedef(entry.name, type);
      }
      case Tag.Structure:
      case Tag.Union:
        return this.struct(entry, entry.name, depth + 1);
      case Tag.Enumeration:
        return writer.enumeration(
          entry.name,
          [1, 2, 4, 8].includes(bytes) ? bytes : 4,
          entry.children.filter(({ tag }) => tag === Tag.Enumerator).map(({ name, values }) => ({
            name,
            value: BigInt(values.get(At.ConstValue) ?? 0),
          })),
        );
      case Tag.Array: {
        const element = this.#type(entry.type, depth + 1);
        if (element === 0) return 0;
        return entry.children.filter(({ tag }) => tag === Tag.Subrange).reverse()
          .reduce((type, { values }) => {
            const upper = values.get(At.UpperBound);
            const length = values.get(At.Count) ?? (upper === undefined ? 0 : upper + 1);
            return writer.array(type, Math.min(length, 1 << 22));
          }, element);
      }
      default:
        return 0;
    }
  }

  /** Encodings of DWARF: 2 boolean, 4 float, 5 signed, 6 signed char, 7 unsigned, 8 unsigned char. */
  #base({ name, values }: Entry, bytes: number): number {
    const encoding = values.get(At.Encoding);
    if (encoding === 4 && [4, 8, 16].includes(bytes)) return this.writer.float(name, bytes);
    if (![1, 2, 4, 8, 16].includes(bytes)) return 0;
    const isSigned = encoding === 5 || encoding === 6;
    const kind = encoding === 2 ? "bool" : isSigned ? "signed" : "unsigned";
    return this.writer.int(name, bytes, kind);
  }
}
