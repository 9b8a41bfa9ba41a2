/** Rust 1.63 and later: `#[repr(C)]` types with all padding spelled out, no dependencies. */
import { defineAll, type EmitContext, Output } from "./base.ts";
import { innermost, TypeNames } from "../hoist.ts";
import { byteOffset, count, inC, originalNameFirst } from "../leaves.ts";
import type { EnumType, Member, Model, RecordType, Type } from "../model.ts";
import { camel, identifier, Names, words } from "../names.ts";
import { Alignments, slotsOf } from "../slots.ts";

const KEYWORDS = words(`
  as break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub
  ref return self Self static struct super trait true type unsafe use where while async await dyn
  abstract become box do final macro override priv typeof unsized virtual yield try union gen
`);

/** Names of methods that every type gets; members of that name are renamed. */
const METHODS = words("from_bytes as_bytes default clone");
const TYPES = words(`
  Self Option Some None Default Clone Copy Debug Sized Send Sync Drop Fn String Vec Box Result Ok Err
  PartialEq Eq
`);

const ALLOW = "#[allow(dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]";

/**
 * Each probe of an offset costs the compiler the whole type. Of larger types the size is enough: without
 * padding of the compiler's, which would show in it, each member is where those before it end.
 */
const MAX_PROBED_BYTES = 1 << 14;

/** Finds where a field is without offset_of, which came with Rust 1.77. */
const HELPERS = `
#[allow(unused_macros)]
macro_rules! assert_offset {
    ($type:ty, $field:ident, $size:expr, $offset:expr) => {
        #[allow(unused_unsafe, unknown_lints, unnecessary_transmutes)]
        const _: () = {
            let mut bytes = [0u8; core::mem::size_of::<$type>()];
            bytes[$offset] = 1;
            let probe: $type = unsafe { core::mem::transmute(bytes) };
            let field: [u8; $size] = unsafe { core::mem::transmute(probe.$field) };
            assert!(field[0] == 1);
        };
    };
}`;

const BIT_HELPERS = `
#[allow(dead_code)]
fn get_bits(bytes: &[u8], first: usize, count: usize) -> u64 {
    (0..count).fold(0, |bits, i| {
        let at = first + i;
        bits | ((bytes[at / 8] >> (at % 8) & 1) as u64) << i
    })
}

#[allow(dead_code)]
fn set_bits(bytes: &mut [u8], first: usize, count: usize, value: u64) {
    for i in 0..count {
        let at = first + i;
        bytes[at / 8] = bytes[at / 8] & !(1 << (at % 8)) | ((value >> i & 1) as u8) << (at % 8);
    }
}`;

/** The whole file. */
export function emitRust(model: Model, { header, rustTrait }: EmitContext): string {
  const output = new Output();
  output.line(...header.map((line) => `// ${line}`.trimEnd()));
  const emitter = new RustTypes(output, model, rustTrait);
  output.line(HELPERS);
  emitter.define();
  return output.toString();
}

/** The scope of a type's fields and methods. */
export function rustMembers(): Names {
  return new Names(new Set([...KEYWORDS, ...METHODS]));
}

class RustTypes {
  readonly #output: Output;
  readonly #model: Model;
  /** Of types and constants: a struct with a nameless field is both. */
  readonly #scope = new Names(new Set([...TYPES, ...KEYWORDS, "get_bits", "set_bits"]));
  readonly #names: TypeNames;
  readonly #alignments = new Alignments(naturalAlignment);
  readonly #unions = new Map<RecordType, boolean>();
  readonly #trait: string;
  #hasBits = false;

  constructor(output: Output, model: Model, trait: string) {
    this.#trait = trait;
    this.#output = output;
    this.#model = model;
    this.#names = new TypeNames(model, this.#scope, camel);
  }

  define(): void {
    defineAll(this.#model, {
      record: (record, globals) =>
        this.#record(record, globals && `The global variables in ${globals}`),
      enum: (type) => this.#enum(type),
      alias: (name, of) => this.#alias(name, of),
    });
    if (this.#hasBits) this.#output.line(BIT_HELPERS);
  }

  #alias(name: string, of: Type): void {
    const wanted = camel(name);
    if ((of.kind === "record" || of.kind === "enum") && this.#names.of(of) === wanted) return;
    const allow = "#[allow(dead_code, non_camel_case_types)]";
    this.#output.line("", allow, `pub type ${this.#scope.claim(wanted)} = ${this.#type(of)};`);
  }

  #record(record: RecordType, what?: string): void {
    const name = this.#names.of(record);
    if (name === undefined) return;
    const repr = this.#alignments.isPacked(record) ? "C, packed" : "C";
    const isOpaque = this.#containsUnion(record);
    const original = what ?? originalNameFirst(record);
    this.#output.line("", `/// ${original}, ${count(record.bytes, "byte")}.`, ALLOW);
    this.#output.line(`#[repr(${repr})]`, `#[derive(Clone, Copy${isOpaque ? "" : ", Debug"})]`);
    this.#output.line(`pub ${record.form} ${name} {`);
    const scope = rustMembers();
    const fields = record.form === "struct"
      ? this.#structFields(record, scope)
      : this.#unionFields(record, scope);
    this.#output.line("}");
    this.#methods(name, record, { bits: fields.bits, scope });
    this.#output.line(
      "",
      `const _: () = assert!(core::mem::size_of::<${name}>() == ${record.bytes});`,
    );
    this.#implement(name);
    if (record.bytes * fields.checks.length > MAX_PROBED_BYTES) return;
    for (const { field, bytes, offset } of fields.checks) {
      this.#output.line(`assert_offset!(${name}, ${field}, ${bytes}, ${offset});`);
    }
  }

  /** Numbers, arrays of them and explicit padding: that holds for all types here. */
  #implement(name: string): void {
    if (this.#trait === "") return;
    this.#output.line("", "// SAFETY: any bytes are a valid value, without padding.");
    this.#output.line(`unsafe impl ${this.#trait} for ${name} {}`);
  }

  #structFields(record: RecordType, scope: Names): Fields {
    const fields: Fields = { checks: [], bits: [] };
    let anonymous = 0;
    for (const slot of slotsOf(record)) {
      if (slot.kind === "pad") {
        this.#output.line(`    pub ${scope.claim(`_pad_${slot.offset}`)}: [u8; ${slot.bytes}],`);
        continue;
      }
      if (slot.kind === "bits") {
        const storage = scope.claim(`bits_at_${slot.offset}`);
        this.#output.line(`    pub ${storage}: [u8; ${slot.bytes}],`);
        fields.checks.push({ field: storage, bytes: slot.bytes, offset: slot.offset });
        for (const member of slot.members) {
          const from = member.bitOffset - slot.offset * 8;
          fields.bits.push({ member, storage, from, name: scope.claim(identifier(member.name)) });
        }
        continue;
      }
      const { member } = slot;
      const field = scope.claim(identifier(member.name || `anon${++anonymous}`));
      this.#field(field, member);
      if (slot.bytes > 0) fields.checks.push({ field, bytes: slot.bytes, offset: slot.offset });
    }
    return fields;
  }

  #unionFields(record: RecordType, scope: Names): Fields {
    const fields: Fields = { checks: [], bits: [] };
    let largest = 0;
    let anonymous = 0;
    for (const member of record.members) {
      if (member.bits > 0) {
        const bytes = Math.ceil((member.bitOffset + member.bits) / 8);
        const name = scope.claim(identifier(member.name));
        const storage = scope.claim(`bits_of_${name}`);
        this.#output.line(`    pub ${storage}: [u8; ${bytes}],`);
        fields.bits.push({ member, storage, from: member.bitOffset, name });
        largest = Math.max(largest, bytes);
        continue;
      }
      const field = scope.claim(identifier(member.name || `anon${++anonymous}`));
      this.#field(field, member);
      largest = Math.max(largest, member.bytes);
      if (member.bytes > 0) {
        fields.checks.push({ field, bytes: member.bytes, offset: byteOffset(member) });
      }
    }
    // Rust does not accept a union without members.
    if (largest < record.bytes || record.members.length === 0) {
      this.#output.line(`    pub ${scope.claim("_pad_0")}: [u8; ${record.bytes}],`);
    }
    return fields;
  }

  #field(field: string, member: Member): void {
    const comment = inC(member.type);
    if (comment !== "") this.#output.line(`    /// \`${comment}\``);
    this.#output.line(`    pub ${field}: ${this.#type(member.type)},`);
  }

  #methods(
    name: string,
    record: RecordType,
    { bits, scope }: { bits: Fields["bits"]; scope: Names },
  ): void {
    this.#output.line(`
impl Default for ${name} {
    /// All bytes 0.
    fn default() -> Self {
        unsafe { core::mem::zeroed() }
    }
}

#[allow(dead_code, non_snake_case)]
impl ${name} {
    /// Copies the value at the beginning of \`bytes\`; \`None\` when they are too few.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..${record.bytes})?;
        Some(unsafe { core::ptr::read_unaligned(bytes.as_ptr() as *const Self) })
    }

    /// The bytes, as the eBPF half has them.
    pub fn as_bytes(&self) -> &[u8; ${record.bytes}] {
        unsafe { &*(self as *const Self as *const [u8; ${record.bytes}]) }
    }`);
    for (const field of bits) this.#bitMethods(field, { form: record.form, scope });
    this.#output.line("}");
  }

  #bitMethods(
    { member, storage, from, name }: Fields["bits"][number],
    { form, scope }: { form: string; scope: Names },
  ): void {
    if (member.bits > 64) return;
    this.#hasBits = true;
    const type = this.#type(member.type);
    const inner = innermost(member.type);
    const shift = 64 - member.bits;
    const signed = (inner.kind === "int" || inner.kind === "enum") && inner.signed;
    const access = form === "union" ? `unsafe { &self.${storage} }` : `&self.${storage}`;
    const change = form === "union" ? `unsafe { &mut self.${storage} }` : `&mut self.${storage}`;
    const got = `get_bits(${access}, ${from}, ${member.bits})`;
    const raw = rawInteger(inner);
    const value = signed
      ? `((${got} << ${shift}) as i64 >> ${shift}) as ${raw}`
      : `${got} as ${raw}`;
    const isEnum = inner.kind === "enum" && this.#names.of(inner) !== undefined;
    this.#output.line(`
    /// ${count(member.bits, "bit")}.
    pub fn ${name}(&self) -> ${type} {
        ${isEnum ? `${type}(${value})` : value}
    }

    /// Keeps the lowest ${count(member.bits, "bit")} of \`value\`.
    pub fn ${scope.claim(`set_${name}`)}(&mut self, value: ${type}) {
        set_bits(${change}, ${from}, ${member.bits}, ${isEnum ? "value.0" : "value"} as u64);
    }`);
  }

  #enum(type: EnumType): void {
    const name = this.#names.of(type);
    const integer = rawInteger(type);
    if (name !== undefined) {
      this.#output.line("", `/// ${originalNameFirst(type)}.`, ALLOW, "#[repr(transparent)]");
      this.#output.line(
        "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]",
      );
      this.#output.line(`pub struct ${name}(pub ${integer});`);
      this.#implement(name);
    }
    if (type.values.length > 0) this.#output.line("");
    for (const { name: enumerator, value } of type.values) {
      const constant = this.#scope.claim(identifier(enumerator));
      const of = name === undefined ? String(value) : `${name}(${value})`;
      this.#output.line(
        `#[allow(dead_code, non_upper_case_globals)]`,
        `pub const ${constant}: ${name ?? integer} = ${of};`,
      );
    }
  }

  /** A type that contains a union cannot be printed by `{:?}`. */
  #containsUnion(record: RecordType): boolean {
    const known = this.#unions.get(record);
    if (known !== undefined) return known;
    const contains = record.form === "union" || record.members.some(({ type }) => {
      const inner = innermost(type);
      return inner.kind === "record" && this.#containsUnion(inner);
    });
    this.#unions.set(record, contains);
    return contains;
  }

  #type(type: Type): string {
    switch (type.kind) {
      case "array":
        return `[${this.#type(type.of)}; ${type.length}]`;
      case "bytes":
        return `[u8; ${type.bytes}]`;
      case "float":
        return type.bytes === 4 ? "f32" : "f64";
      case "pointer":
        return "u64";
      case "int":
        if (type.bytes === 16) return type.signed ? "[i64; 2]" : "[u64; 2]";
        return rawInteger(type);
      case "enum":
        return this.#names.of(type) ?? rawInteger(type);
      case "record":
        return this.#names.of(type) ?? `[u8; ${type.bytes}]`;
    }
  }
}

/** Parts of a record's fields in addition to their declarations. */
interface Fields {
  checks: { field: string; bytes: number; offset: number }[];
  bits: { member: Member; storage: string; from: number; name: string }[];
}

function rawInteger(type: Type): string {
  if (type.kind === "int" && type.sense !== "number") return "u8";
  if (type.kind !== "int" && type.kind !== "enum") return "u64";
  return `${type.signed ? "i" : "u"}${Math.min(type.bytes, 8) * 8}`;
}

function naturalAlignment(type: Type): number {
  switch (type.kind) {
    case "pointer":
      return 8;
    case "int":
    case "enum":
    case "float":
      return Math.min(type.bytes, 8);
    default:
      return 1;
  }
}
