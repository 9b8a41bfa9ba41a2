/** The kinds of BTF (Documentation/bpf/btf.rst of the kernel), as they are in the file. */

/** `BTF_KIND_*`. */
export const Kind = {
  Void: 0,
  Int: 1,
  Ptr: 2,
  Array: 3,
  Struct: 4,
  Union: 5,
  Enum: 6,
  Fwd: 7,
  Typedef: 8,
  Volatile: 9,
  Const: 10,
  Restrict: 11,
  Func: 12,
  FuncProto: 13,
  Var: 14,
  Datasec: 15,
  Float: 16,
  DeclTag: 17,
  TypeTag: 18,
  Enum64: 19,
} as const;

/** The highest kind that is known. */
export const LAST_KIND = Kind.Enum64;

/** A member of a struct or union. */
export interface BtfMember {
  /** Name, "" if it has none. */
  readonly name: string;
  /** Id of its type. */
  readonly type: number;
  /** Bits from the start of the struct. */
  readonly bitOffset: number;
  /** Of a bit-field; 0 for other members. */
  readonly bits: number;
}

/** A name of an enumeration. */
export interface BtfEnumerator {
  /** Name of the value. */
  readonly name: string;
  /** As it is signed or not. */
  readonly value: bigint;
}

/** Parameter of a function; an unnamed one of type 0 at the end represents `...`. */
export interface BtfParameter {
  /** Name, "" if it has none. */
  readonly name: string;
  /** Id of its type. */
  readonly type: number;
}

/** A variable in a section. */
export interface BtfSectionEntry {
  /** Id of a `var` or `func`. */
  readonly type: number;
  /** Bytes from the start of the section. */
  readonly offset: number;
  /** Bytes that it takes. */
  readonly size: number;
}

/** Visibility of a variable or function: `BTF_VAR_*`, `BTF_FUNC_*`. */
export type Linkage = "static" | "global" | "extern";

/** One type; `type` is the id of another, 0 for void. */
export type BtfType =
  | { readonly kind: "void" }
  | {
    readonly kind: "int";
    readonly name: string;
    readonly bytes: number;
    readonly signed: boolean;
    readonly bool: boolean;
    /**
     * Offset of a value that has fewer bits than its type: the encoding of bit-fields before
     * `kind_flag`.
     */
    readonly bitOffset: number;
    readonly bits: number;
  }
  | { readonly kind: "float"; readonly name: string; readonly bytes: number }
  | { readonly kind: "ptr"; readonly type: number }
  | { readonly kind: "array"; readonly type: number; readonly length: number }
  | {
    readonly kind: "struct" | "union";
    readonly name: string;
    readonly bytes: number;
    readonly members: readonly BtfMember[];
  }
  | {
    readonly kind: "enum";
    readonly name: string;
    readonly bytes: number;
    readonly signed: boolean;
    readonly values: readonly BtfEnumerator[];
  }
  | { readonly kind: "fwd"; readonly name: string; readonly of: "struct" | "union" }
  | { readonly kind: "typedef"; readonly name: string; readonly type: number }
  | {
    /** `volatile`, `const`, `restrict` or a type tag: of no consequence for the bytes. */
    readonly kind: "modifier";
    readonly type: number;
  }
  | {
    readonly kind: "func";
    readonly name: string;
    readonly type: number;
    readonly linkage: Linkage;
  }
  | {
    readonly kind: "proto";
    readonly returns: number;
    readonly parameters: readonly BtfParameter[];
  }
  | {
    readonly kind: "var";
    readonly name: string;
    readonly type: number;
    readonly linkage: Linkage;
  }
  | {
    readonly kind: "datasec";
    readonly name: string;
    readonly bytes: number;
    readonly entries: readonly BtfSectionEntry[];
  }
  | {
    readonly kind: "tag";
    readonly name: string;
    readonly type: number;
    /** Index of the member or parameter that it belongs to; -1 for the type itself. */
    readonly component: number;
  };
