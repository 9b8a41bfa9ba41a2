/** Entries of DWARF, with the tags and attributes that types of records need. */

/** `DW_TAG_*`. */
export const Tag = {
  Array: 0x01,
  Enumeration: 0x04,
  Member: 0x0d,
  Pointer: 0x0f,
  Structure: 0x13,
  Typedef: 0x16,
  Union: 0x17,
  Subrange: 0x21,
  Base: 0x24,
  Const: 0x26,
  Enumerator: 0x28,
  Variable: 0x34,
  Volatile: 0x35,
} as const;

/** `DW_AT_*`. */
export const At = {
  Name: 0x03,
  ByteSize: 0x0b,
  StmtList: 0x10,
  BitSize: 0x0d,
  ConstValue: 0x1c,
  UpperBound: 0x2f,
  Count: 0x37,
  MemberLocation: 0x38,
  DeclFile: 0x3a,
  Declaration: 0x3c,
  Encoding: 0x3e,
  Type: 0x49,
  DataBitOffset: 0x6b,
  StrOffsetsBase: 0x72,
} as const;

/** An entry with the attributes that are read. */
export interface Entry {
  /** Offset in `.debug_info`. */
  readonly at: number;
  readonly tag: number;
  readonly depth: number;
  readonly name: string;
  readonly values: ReadonlyMap<number, number>;
  /** Offset of the entry of its type; 0 for void. */
  readonly type: number;
  /** Name of the file that declares it; "" if not known. */
  readonly file: string;
  /** Entries right below it. */
  readonly children: Entry[];
}
