/** C for guests: types with the bytes that they have in eBPF, on a machine of 32 bits. */
import { defineAll, Output } from "./base.ts";
import { plain } from "../describe.ts";
import { dimensions } from "../lower.ts";
import type { EnumType, Member, Model, RecordType, Type } from "../model.ts";
import { identifier, Names, upper, words } from "../names.ts";
import { Alignments, slotsOf } from "../slots.ts";

/** Of C23 and C++23, and the macros of headers that nearly every guest includes. */
export const RESERVED = words(`
  auto break case char const continue default do double else enum extern float for goto if inline int
  long register restrict return short signed sizeof static struct switch typedef union unsigned void
  volatile while alignas alignof bool constexpr false nullptr static_assert thread_local true typeof
  typeof_unqual _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert
  _Thread_local asm __asm__ NULL EOF errno stdin stdout stderr offsetof
  and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl
  concept consteval constinit const_cast decltype delete dynamic_cast explicit export friend mutable
  namespace new noexcept not not_eq operator or or_eq private protected public reinterpret_cast
  requires static_cast template this throw try typeid typename using virtual wchar_t xor xor_eq
  int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
`);

/**
 * Tags that headers of wasi-libc define, `<stdint.h>` included, with sizes other than the kernel's.
 */
const LIBC_TAGS = new Set([...RESERVED, "timeval", "timespec", "iovec"]);

/** The scope of a record's members. */
export function cMembers(): Names {
  return new Names(RESERVED);
}

/** Writes a model's types in C. */
export class CTypes {
  readonly #output: Output;
  readonly #alignments = new Alignments(naturalAlignment);
  /** Of structs, unions and enumerations, and of typedefs: C++ has one scope for both. */
  readonly #types = new Names(new Set([...LIBC_TAGS, ...RESERVED]));
  readonly #enumerators = new Names(RESERVED);
  readonly #names = new Map<RecordType | EnumType, string>();

  /** Into `output`. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** Defines all types, and the globals of each section as a struct. */
  define(model: Model): void {
    defineAll(model, {
      record: (record, globals) => {
        if (globals === undefined) this.defineRecord(record);
        else this.#defineGlobals(globals, record);
      },
      enum: (type) => this.#defineEnum(type),
      alias: (name, of) => {
        const claimed = this.#types.claim(identifier(name));
        this.#output.line("", `typedef ${this.declare(of, claimed)};`);
      },
    });
  }

  /**
   * Returns the record with padding that aligns its end: a section may end right after a variable.
   */
  rounded(record: RecordType): RecordType {
    const aligns = record.members.map(({ type }) => this.#alignments.of(type));
    const align = Math.max(1, ...aligns);
    return { ...record, bytes: Math.ceil(record.bytes / align) * align };
  }

  #defineGlobals(section: string, record: RecordType): void {
    this.#output.line("", `/* The global variables in ${plain(section)}. */`);
    this.defineRecord(record, { blank: false });
  }

  /** Defines one struct or union; the types it is made of are taken for defined. */
  defineRecord(record: RecordType, { blank = true } = {}): void {
    // Records without a name are written where they are used.
    if (record.name === "") return;
    const name = this.#types.claim(identifier(record.name));
    // With its keyword also where a typedef names it: in C++ a member may have the type's name.
    const reference = `${record.form} ${name}`;
    this.#names.set(record, reference);
    if (blank) this.#output.line("");
    const attribute = this.#alignments.isPacked(record) ? " __attribute__((packed))" : "";
    const scope = cMembers();
    const checks: [string, number][] = [];
    this.#output.line(`${record.typedef ? "typedef " : ""}${reference} {`);
    this.#body(record, { scope, indent: "\t", checks, path: "", base: 0 });
    this.#output.line(record.typedef ? `}${attribute} ${name};` : `}${attribute};`);
    this.#assert(`sizeof(${reference}) == ${record.bytes}`, `size of ${reference}`);
    for (const [path, offset] of checks) {
      this.#assert(
        `__builtin_offsetof(${reference}, ${path}) == ${offset}`,
        `${path} in ${reference}`,
      );
    }
  }

  /** Returns the members; `checks` collects the offset of each. */
  #body(
    record: RecordType,
    place: {
      scope: Names;
      indent: string;
      checks: [string, number][];
      path: string;
      base: number;
    },
  ): void {
    if (record.members.length === 0 && record.bytes === 0) {
      // In C++ an empty struct has a byte; one that has this member has none.
      this.#pad({ offset: 0, bytes: 0 }, place);
      return;
    }
    if (record.form === "union") {
      for (const member of record.members) this.#member(member, place);
      const pad = this.#unionPadding(record);
      if (pad > 0) this.#pad({ offset: 0, bytes: pad }, place);
      return;
    }
    let bit = 0;
    for (const slot of slotsOf(record)) {
      if (slot.kind === "pad") {
        if (bit % 8 !== 0) this.#output.line(`${place.indent}uint8_t : ${8 - bit % 8};`);
        this.#pad(slot, place);
      } else if (slot.kind === "member") {
        if (bit % 8 !== 0) this.#output.line(`${place.indent}uint8_t : ${8 - bit % 8};`);
        this.#member(slot.member, place);
      } else {
        bit = slot.offset * 8;
        for (const member of slot.members) {
          this.#skipBits(bit, member.bitOffset, place.indent);
          this.#member(member, place);
          bit = member.bitOffset + member.bits;
        }
        continue;
      }
      bit = 0;
    }
    if (bit % 8 !== 0) this.#output.line(`${place.indent}uint8_t : ${8 - bit % 8};`);
  }

  /** Unnamed bit-fields that cross no byte, from one bit to another. */
  #skipBits(from: number, to: number, indent: string): void {
    while (from < to) {
      const bits = Math.min(8 - from % 8, to - from);
      this.#output.line(`${indent}uint8_t : ${bits};`);
      from += bits;
    }
  }

  #pad(
    { offset, bytes }: { offset: number; bytes: number },
    { scope, indent }: { scope: Names; indent: string },
  ): void {
    this.#output.line(`${indent}uint8_t ${scope.claim(`_pad_${offset}`)}[${bytes}];`);
  }

  /** Bytes to add to a union which is larger than its members make it, as a member that large. */
  #unionPadding(record: RecordType): number {
    const largest = Math.max(
      0,
      ...record.members.map((member) =>
        member.bits > 0 ? Math.ceil(member.bits / 8) : member.bytes
      ),
    );
    return largest < record.bytes ? record.bytes : 0;
  }

  #member(
    member: Member,
    place: {
      scope: Names;
      indent: string;
      checks: [string, number][];
      path: string;
      base: number;
    },
  ): void {
    const { type } = member;
    const anonymous = type.kind === "record" && member.name === "";
    const name = anonymous ? "" : place.scope.claim(identifier(member.name));
    const offset = place.base + Math.floor(member.bitOffset / 8);
    const path = place.path + name;
    if (!anonymous && member.bits === 0) place.checks.push([path, offset]);
    const inline = innermost(type);
    if (inline.kind === "record" && (anonymous || inline.name === "")) {
      const lengths = type.kind === "array" ? dimensions(type).lengths : [];
      const isReachable = !lengths.includes(0);
      const inner = anonymous ? place.path : `${path}${lengths.map(() => "[0]").join("")}.`;
      this.#output.line(`${place.indent}${inline.form} {`);
      this.#body(inline, {
        scope: anonymous ? place.scope : cMembers(),
        indent: `${place.indent}\t`,
        checks: isReachable ? place.checks : [],
        path: inner,
        base: offset,
      });
      const attribute = this.#alignments.isPacked(inline) ? " __attribute__((packed))" : "";
      const tail = name + lengths.map((length) => `[${length}]`).join("");
      this.#output.line(`${place.indent}}${attribute}${tail === "" ? "" : ` ${tail}`};`);
      return;
    }
    const text = member.bits > 0
      ? `${this.#bitFieldType(type, member.bits)} ${name} : ${member.bits}`
      : this.declare(type, name);
    this.#output.line(`${place.indent}${text};${remark(type)}`);
  }

  /** `type` of a variable or member called `name`. */
  declare(type: Type, name: string): string {
    if (type.kind === "array") {
      const { of, lengths } = dimensions(type);
      return this.declare(of, name + lengths.map((length) => `[${length}]`).join(""));
    }
    if (type.kind === "bytes") return `uint8_t ${name}[${type.bytes}]`;
    return `${this.#word(type)} ${name}`;
  }

  /** Returns C's name for a type that is not an array. */
  #word(type: Exclude<Type, { kind: "array" | "bytes" }>): string {
    switch (type.kind) {
      case "int":
        if (type.sense === "bool") return "bool";
        if (type.sense === "char") return "char";
        if (type.bytes === 16) return type.signed ? "__int128" : "unsigned __int128";
        return integer(type.bytes, type.signed);
      case "float":
        return type.bytes === 4 ? "float" : "double";
      case "pointer":
        return "uint64_t";
      case "enum":
        return this.#enumWord(type);
      case "record":
        // Defined elsewhere, if not here.
        return this.#names.get(type) ??
          (type.typedef ? "" : `${type.form} `) + identifier(type.name);
    }
  }

  /** The enumeration where C gives it the same bytes, else an integer. */
  #enumWord(type: EnumType): string {
    const name = this.#names.get(type);
    return name !== undefined && type.bytes === 4 ? name : integer(type.bytes, type.signed);
  }

  #bitFieldType(type: Type, bits: number): string {
    if (type.kind === "enum") {
      // C decides on the sign by the values, and C++ warns when they do not fit.
      const asInC = type.signed === type.values.some(({ value }) => value < 0n) &&
        type.values.every(({ value }) =>
          (type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value
        );
      return asInC ? this.#enumWord(type) : integer(type.bytes, type.signed);
    }
    if (type.kind === "int" && type.sense === "char") return integer(1, type.signed);
    return this.#word(type as Exclude<Type, { kind: "array" | "bytes" }>);
  }

  #defineEnum(type: EnumType): void {
    if (type.values.length === 0) return;
    this.#output.line("");
    const name = type.name === "" ? "" : this.#types.claim(identifier(type.name));
    if (name !== "") this.#names.set(type, `enum ${name}`);
    const head = name === "" ? "enum {" : `enum ${name} {`;
    const tail = type.typedef ? `} ${name};` : "};";
    this.#output.line(type.typedef ? `typedef ${head}` : head);
    for (const { name, value } of type.values) {
      const text = enumerator(value, type.bytes === 8);
      this.#output.line(`\t${this.#enumerators.claim(identifier(name))} = ${text},`);
    }
    this.#output.line(tail);
    const reference = this.#names.get(type);
    if (reference !== undefined && type.bytes === 4) {
      this.#assert(`sizeof(${reference}) == 4`, `size of ${reference}`);
    }
  }

  #assert(condition: string, what: string): void {
    this.#output.line(`static_assert(${condition}, "${what}");`);
  }
}

/** The whole file. */
export function emitC(
  model: Model,
  { header, name }: { readonly header: readonly string[]; readonly name: string },
): string {
  const output = new Output();
  const guard = `${upper(name)}_TYPES_H`;
  output.line("/*", ...header.map((line) => ` * ${line}`.trimEnd()), " */");
  output.line(
    `#ifndef ${guard}`,
    `#define ${guard}`,
    "",
    "#include <assert.h>",
    "#include <stdbool.h>",
    "#include <stdint.h>",
  );
  new CTypes(output).define(model);
  output.line("", `#endif /* ${guard} */`);
  return output.toString();
}

/** Of clang's wasm32 and eBPF alike. */
function naturalAlignment(type: Type): number {
  switch (type.kind) {
    case "pointer":
      return 8;
    case "bytes":
      return 1;
    case "enum":
    case "int":
    case "float":
      return type.bytes;
    default:
      return 1;
  }
}

function innermost(type: Type): Type {
  return type.kind === "array" ? dimensions(type).of : type;
}

function integer(bytes: number, signed: boolean): string {
  return `${signed ? "int" : "uint"}${bytes * 8}_t`;
}

function enumerator(value: bigint, wide: boolean): string {
  if (value === -(1n << 63n)) return "(-9223372036854775807LL - 1)";
  if (value === -(1n << 31n)) return wide ? "-2147483648LL" : "(-2147483647 - 1)";
  if (value < 0n) return `${value}${wide && value < -(1n << 31n) ? "LL" : ""}`;
  if (value < 1n << 31n) return String(value);
  return `0x${value.toString(16)}${value < 1n << 32n ? "U" : "ULL"}`;
}

/** Returns a comment for details that the emitted type lacks. */
function remark(type: Type): string {
  const inner = innermost(type);
  if (inner.kind === "pointer" || inner.kind === "bytes") return ` /* ${inner.text} */`;
  if (inner.kind === "enum" && inner.bytes !== 4 && inner.name !== "") {
    return ` /* enum ${identifier(inner.name)} */`;
  }
  return "";
}
