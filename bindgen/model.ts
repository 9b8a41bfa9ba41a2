/**
 * Model of types between BTF and the emitters: names as in C, bytes as in eBPF. Emitters differ
 * only in syntax.
 */

/** An integer. */
export interface IntType {
  readonly kind: "int";
  readonly bytes: 1 | 2 | 4 | 8 | 16;
  readonly signed: boolean;
  /** `char` holds text, `bool` is 0 or 1. */
  readonly sense: "number" | "char" | "bool";
}

/** A floating point number of IEEE 754. */
export interface FloatType {
  readonly kind: "float";
  readonly bytes: 4 | 8;
}

/** Bytes that no guest language has a type for, such as `long double`. */
export interface BytesType {
  readonly kind: "bytes";
  readonly bytes: number;
  /** C notation. */
  readonly text: string;
}

/** Pointer: a number of 64 bits, since a guest cannot reach its target. */
export interface PointerType {
  readonly kind: "pointer";
  /** C notation of the pointer's type. */
  readonly text: string;
}

/** An array; `length` is 0 for a flexible one. */
export interface ArrayType {
  readonly kind: "array";
  readonly of: Type;
  readonly length: number;
}

/** A name of an enumeration. */
export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

/** An enumeration. */
export interface EnumType {
  readonly kind: "enum";
  /** Tag, or else name of the typedef, or "". */
  readonly name: string;
  /** True if the name is a typedef's, so that C uses `name` and not `enum name`. */
  readonly typedef: boolean;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly values: readonly Enumerator[];
}

/** A member; its place counts from the beginning of the record. */
export interface Member {
  /** "" for an anonymous struct or union, whose members count as the record's own. */
  readonly name: string;
  readonly type: Type;
  readonly bitOffset: number;
  /** Of a bit-field, else 0. */
  readonly bits: number;
  /** Bytes of the type. */
  readonly bytes: number;
}

/** A struct or union. */
export interface RecordType {
  readonly kind: "record";
  readonly form: "struct" | "union";
  /** Tag, or else name of the typedef, or that of the variable or map it is used by, or "". */
  readonly name: string;
  readonly typedef: boolean;
  /** True if the name comes from its use, and C has none for it. */
  readonly hinted: boolean;
  readonly bytes: number;
  /** In the order of their places. */
  readonly members: readonly Member[];
}

/** A type that a member can have. */
export type Type =
  | IntType
  | FloatType
  | BytesType
  | PointerType
  | ArrayType
  | EnumType
  | RecordType;

/** Another name of a type. */
export interface Alias {
  readonly kind: "alias";
  readonly name: string;
  readonly of: Type;
}

/** The global variables of one section, as the members of a struct. */
export interface Globals {
  /** Such as ".rodata". */
  readonly section: string;
  readonly record: RecordType;
}

/** Types to emit: each after the types inside it. */
export interface Model {
  readonly types: readonly (RecordType | EnumType | Alias)[];
  readonly globals: readonly Globals[];
}
