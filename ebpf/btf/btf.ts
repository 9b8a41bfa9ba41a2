/**
 * BTF, the kernel's type information: an index made in one pass, and types decoded on request.
 *
 * Format: Documentation/bpf/btf.rst of the kernel. The input is not trusted: lengths are checked in
 * the pass, ids when a type is requested, and everything that can grow has a limit.
 */
import {
  type BtfEnumerator,
  type BtfMember,
  type BtfSectionEntry,
  type BtfType,
  Kind,
  LAST_KIND,
  type Linkage,
} from "./btf_types.ts";
import { splitBtf } from "./btf_header.ts";
import { BtfError } from "./errors.ts";

const TYPE_BYTES = 12;
/** The kernel's BTF_MAX_TYPE. */
const MAX_TYPES = 0xfffff;
/** The kernel's KSYM_NAME_LEN. */
const MAX_NAME_BYTES = 512;
/** Of all names together: names may share their ends, so a small file can spell out a lot. */
const MAX_NAMES_BYTES = 64 << 20;

const LINKAGES: readonly Linkage[] = ["static", "global", "extern"];

/**
 * Sizes of the data after a type's first 12 bytes: once per type, and per each of its `vlen` parts.
 */
const TAIL_BYTES: Readonly<Record<number, readonly [number, number]>> = {
  [Kind.Int]: [4, 0],
  [Kind.Array]: [12, 0],
  [Kind.Struct]: [0, 12],
  [Kind.Union]: [0, 12],
  [Kind.Enum]: [0, 8],
  [Kind.FuncProto]: [0, 8],
  [Kind.Var]: [4, 0],
  [Kind.Datasec]: [0, 12],
  [Kind.DeclTag]: [4, 0],
  [Kind.Enum64]: [0, 12],
};

/** A set of types. Id 0 is void, the others count from 1. */
export class Btf {
  readonly #view: DataView;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #strings: Uint8Array<ArrayBuffer>;
  /** Where each type stands, by id. */
  readonly #offsets: Uint32Array;
  readonly #decoded = new Map<number, BtfType>();
  readonly #names = new Map<number, string>();
  #namesBytes = 0;
  /** True if some enumeration is marked as signed: then those without the mark are unsigned. */
  #tellsSigns = false;
  /** Highest id, plus one. */
  readonly count: number;

  /**
   * Indexes BTF.
   *
   * @throws {BtfError} when it is damaged, big-endian or too large
   */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const { types, strings } = splitBtf(bytes);
    this.#bytes = types;
    this.#strings = strings;
    this.#view = new DataView(types.buffer, types.byteOffset, types.byteLength);
    const offsets = new Uint32Array(
      Math.min(Math.floor(types.length / TYPE_BYTES), MAX_TYPES) + 1,
    );
    this.count = this.#index(offsets);
    this.#offsets = offsets.subarray(0, this.count);
  }

  #index(offsets: Uint32Array): number {
    const end = this.#bytes.length;
    let id = 1;
    for (let at = 0; at < end; id++) {
      if (id > MAX_TYPES) throw new BtfError(`it has more than ${MAX_TYPES} types`);
      if (at + TYPE_BYTES > end) throw new BtfError(`type ${id} is cut off`);
      const info = this.#view.getUint32(at + 4, true);
      const kind = info >>> 24 & 0x1f;
      if (kind === Kind.Void || kind > LAST_KIND) {
        throw new BtfError(`type ${id} is of the unknown kind ${kind}`, {
          hint: "use a newer wasm-bpf, which may support it",
        });
      }
      if (kind === Kind.Enum64 || (kind === Kind.Enum && info >>> 31 === 1)) {
        this.#tellsSigns = true;
      }
      const [once, each] = TAIL_BYTES[kind] ?? [0, 0];
      offsets[id] = at;
      at += TYPE_BYTES + once + each * (info & 0xffff);
      if (at > end) throw new BtfError(`type ${id} is cut off`);
    }
    return id;
  }

  /** `BTF_KIND_*` of a type, without decoding it. */
  kind(id: number): number {
    if (id === 0) return Kind.Void;
    return this.#view.getUint32(this.#at(id) + 4, true) >>> 24 & 0x1f;
  }

  /**
   * Returns a type.
   *
   * @throws {BtfError} if the id does not exist, or the type is invalid
   */
  type(id: number): BtfType {
    if (id === 0) return { kind: "void" };
    const known = this.#decoded.get(id);
    if (known !== undefined) return known;
    const type = this.#decode(id);
    this.#decoded.set(id, type);
    return type;
  }

  /** The name of a type, "" when it has none; members are not decoded. */
  name(id: number): string {
    if (id === 0) return "";
    return this.#string(this.#view.getUint32(this.#at(id), true));
  }

  /** Ids of the types with a name, of which `accept` takes the kind. */
  find(name: string, accept: (kind: number) => boolean): number[] {
    const wanted = new TextEncoder().encode(`${name}\0`);
    const found: number[] = [];
    for (let id = 1; id < this.count; id++) {
      const start = this.#view.getUint32(this.#offsets[id] ?? 0, true);
      if (this.#hasStringAt(start, wanted) && accept(this.kind(id))) found.push(id);
    }
    return found;
  }

  /** A name by its place among the names, as `.BTF.ext` refers to them. */
  string(offset: number): string {
    return this.#string(offset);
  }

  #hasStringAt(start: number, wanted: Uint8Array): boolean {
    for (let i = 0; i < wanted.length; i++) {
      if (this.#strings[start + i] !== wanted[i]) return false;
    }
    return true;
  }

  #at(id: number): number {
    const offset = id > 0 ? this.#offsets[id] : undefined;
    if (offset === undefined) {
      throw new BtfError(`type ${id} not found`, {
        hint: "pass the kernel's BTF: that of a module depends on it: give one file " +
          "that holds all types",
      });
    }
    return offset;
  }

  #string(offset: number): string {
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    const window = this.#strings.subarray(offset, offset + MAX_NAME_BYTES);
    const length = window.indexOf(0);
    if (length < 0) {
      throw new BtfError(
        window.length < MAX_NAME_BYTES ? "a name has no end" : "a name is longer than 511 bytes",
      );
    }
    this.#namesBytes += length;
    if (this.#namesBytes > MAX_NAMES_BYTES) throw new BtfError("its names have more than 64 MiB");
    const name = new TextDecoder().decode(window.subarray(0, length));
    this.#names.set(offset, name);
    return name;
  }

  #decode(id: number): BtfType {
    const at = this.#at(id);
    const view = this.#view;
    const name = this.#string(view.getUint32(at, true));
    const info = view.getUint32(at + 4, true);
    const sizeOrType = view.getUint32(at + 8, true);
    const vlen = info & 0xffff;
    const flag = info >>> 31 === 1;
    const tail = at + TYPE_BYTES;
    switch (info >>> 24 & 0x1f) {
      case Kind.Int:
        return this.#decodeInt(id, name, sizeOrType);
      case Kind.Float:
        // The kernel's rule.
        if (![2, 4, 8, 12, 16].includes(sizeOrType)) {
          throw new BtfError(`the floating-point number "${name}" has ${sizeOrType} bytes`);
        }
        return { kind: "float", name, bytes: sizeOrType };
      case Kind.Ptr:
        return { kind: "ptr", type: sizeOrType };
      case Kind.Array:
        return {
          kind: "array",
          type: view.getUint32(tail, true),
          length: view.getUint32(tail + 8, true),
        };
      case Kind.Struct:
        return this.#decodeRecord("struct", { at, name, bytes: sizeOrType, vlen, flag });
      case Kind.Union:
        return this.#decodeRecord("union", { at, name, bytes: sizeOrType, vlen, flag });
      case Kind.Enum:
      case Kind.Enum64:
        return this.#decodeEnum(at, name, sizeOrType);
      case Kind.Fwd:
        return { kind: "fwd", name, of: flag ? "union" : "struct" };
      case Kind.Typedef:
        return { kind: "typedef", name, type: sizeOrType };
      case Kind.Func:
        return { kind: "func", name, type: sizeOrType, linkage: linkage(vlen) };
      case Kind.FuncProto:
        return { kind: "proto", returns: sizeOrType, parameters: this.#pairs(tail, vlen) };
      case Kind.Var:
        return {
          kind: "var",
          name,
          type: sizeOrType,
          linkage: linkage(view.getUint32(tail, true)),
        };
      case Kind.Datasec:
        return { kind: "datasec", name, bytes: sizeOrType, entries: this.#entries(tail, vlen) };
      case Kind.DeclTag:
        return {
          kind: "tag",
          name,
          type: sizeOrType,
          component: view.getInt32(tail, true),
        };
      default:
        return { kind: "modifier", type: sizeOrType };
    }
  }

  #decodeInt(id: number, name: string, bytes: number): BtfType {
    const data = this.#view.getUint32(this.#at(id) + TYPE_BYTES, true);
    const bits = data & 0xff;
    const bitOffset = data >>> 16 & 0xff;
    if (![1, 2, 4, 8, 16].includes(bytes)) {
      throw new BtfError(`the integer "${name}" has ${bytes} bytes`);
    }
    if (bits === 0 || bitOffset + bits > bytes * 8) {
      throw new BtfError(`the integer "${name}" has ${bits} bits in ${bytes} bytes`);
    }
    const encoding = data >>> 24 & 0xf;
    return {
      kind: "int",
      name,
      bytes,
      bits,
      bitOffset,
      signed: (encoding & 1) !== 0,
      bool: (encoding & 4) !== 0,
    };
  }

  #decodeRecord(
    kind: "struct" | "union",
    { at, name, bytes, vlen, flag }: {
      at: number;
      name: string;
      bytes: number;
      vlen: number;
      flag: boolean;
    },
  ): BtfType {
    const members: BtfMember[] = [];
    for (let i = 0; i < vlen; i++) {
      const member = at + TYPE_BYTES + i * 12;
      const offset = this.#view.getUint32(member + 8, true);
      members.push({
        name: this.#string(this.#view.getUint32(member, true)),
        type: this.#view.getUint32(member + 4, true),
        bitOffset: flag ? offset & 0xffffff : offset,
        bits: flag ? offset >>> 24 : 0,
      });
    }
    return { kind, name, bytes, members };
  }

  #decodeEnum(at: number, name: string, bytes: number): BtfType {
    const view = this.#view;
    const info = view.getUint32(at + 4, true);
    const wide = (info >>> 24 & 0x1f) === Kind.Enum64;
    if (![1, 2, 4, 8].includes(bytes)) {
      throw new BtfError(`the enumeration "${name}" has ${bytes} bytes`);
    }
    const step = wide ? 12 : 8;
    // Before enum64, compilers cut the values of wide enumerations: wrong ones are worse than none.
    const count = !wide && bytes === 8 ? 0 : info & 0xffff;
    const raw = Array.from({ length: count }, (_, i) => {
      const value = at + TYPE_BYTES + i * step;
      return {
        name: this.#string(view.getUint32(value, true)),
        low: view.getUint32(value + 4, true),
        high: wide ? view.getUint32(value + 8, true) : 0,
      };
    });
    const signed = info >>> 31 === 1 ||
      (!this.#tellsSigns && looksSigned(raw.map(({ low }) => low)));
    const values: BtfEnumerator[] = raw.map(({ name, low, high }) => {
      const value = BigInt(high) << 32n | BigInt(low);
      return { name, value: signed ? BigInt.asIntN(wide ? 64 : 32, value) : value };
    });
    return { kind: "enum", name, bytes, signed, values };
  }

  #pairs(at: number, vlen: number): { name: string; type: number }[] {
    return Array.from({ length: vlen }, (_, i) => ({
      name: this.#string(this.#view.getUint32(at + i * 8, true)),
      type: this.#view.getUint32(at + i * 8 + 4, true),
    }));
  }

  #entries(at: number, vlen: number): BtfSectionEntry[] {
    return Array.from({ length: vlen }, (_, i) => ({
      type: this.#view.getUint32(at + i * 12, true),
      offset: this.#view.getUint32(at + i * 12 + 4, true),
      size: this.#view.getUint32(at + i * 12 + 8, true),
    }));
  }
}

function linkage(value: number): Linkage {
  const known = LINKAGES[value];
  if (known === undefined) throw new BtfError(`unknown linkage ${value}`);
  return known;
}

/**
 * Reports whether 32-bit values look signed: clang before 15 never sets the flag. Negative
 * constants in source code are small; a mask has other bits.
 */
function looksSigned(values: readonly number[]): boolean {
  const high = values.filter((value) => value >= 0x80000000);
  return high.length > 0 && high.every((value) => value >= 0xffff8000);
}
