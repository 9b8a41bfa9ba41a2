/** Changes types of an eBPF object in ways that no compiler does. */

const KIND_INT = 1;
const KIND_ARRAY = 3;
const KIND_STRUCT = 4;
const KIND_UNION = 5;
const KIND_ENUM = 6;
const KIND_FUNC_PROTO = 13;
const KIND_VAR = 14;
const KIND_DATASEC = 15;
const KIND_DECL_TAG = 17;
const KIND_ENUM64 = 19;

/** Returns the number of bytes after a type's first 12. */
function extraBytes(kind: number, count: number): number {
  switch (kind) {
    case KIND_INT:
    case KIND_VAR:
    case KIND_DECL_TAG:
      return 4;
    case KIND_ARRAY:
      return 12;
    case KIND_ENUM:
    case KIND_FUNC_PROTO:
      return 8 * count;
    case KIND_STRUCT:
    case KIND_UNION:
    case KIND_DATASEC:
    case KIND_ENUM64:
      return 12 * count;
    default:
      return 0;
  }
}

/** ELF file whose types can be changed in place, by name. */
export class BtfPatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** Offset and ID of each named type. */
  readonly #types = new Map<string, { at: number; id: number }>();

  /** Offset of an array of each length. */
  readonly #arrays = new Map<number, number>();

  constructor(elf: Uint8Array<ArrayBuffer>) {
    this.bytes = elf.slice();
    this.#view = new DataView(this.bytes.buffer);
    this.#readTypes(this.#findSection(".BTF"));
  }

  #text(at: number): string {
    return new TextDecoder().decode(this.bytes.subarray(at, this.bytes.indexOf(0, at)));
  }

  #findSection(name: string): number {
    const view = this.#view;
    const table = Number(view.getBigUint64(40, true));
    const header = (index: number) => table + index * 64;
    const offsetOf = (index: number) => Number(view.getBigUint64(header(index) + 24, true));
    const names = offsetOf(view.getUint16(62, true));
    for (let i = 0; i < view.getUint16(60, true); i++) {
      if (this.#text(names + view.getUint32(header(i), true)) === name) return offsetOf(i);
    }
    throw new Error(`no section ${name}`);
  }

  #readTypes(btf: number): void {
    const view = this.#view;
    const word = (at: number) => view.getUint32(at, true);
    const base = btf + word(btf + 4);
    const [start, end] = [base + word(btf + 8), base + word(btf + 8) + word(btf + 12)];
    const strings = base + word(btf + 16);
    for (let at = start, id = 1; at < end; id++) {
      const info = word(at + 4);
      this.#types.set(this.#text(strings + word(at)), { at, id });
      if (((info >>> 24) & 31) === KIND_ARRAY) this.#arrays.set(word(at + 20), at);
      at += 12 + extraBytes((info >>> 24) & 31, info & 0xffff);
    }
  }

  #type(name: string): { at: number; id: number } {
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`no type ${name}`);
    return type;
  }

  /** Returns a type's ID. */
  idOf(name: string): number {
    return this.#type(name).id;
  }

  /** Sets the size of a struct. */
  setSize(name: string, sizeBytes: number): void {
    this.#view.setUint32(this.#type(name).at + 8, sizeBytes, true);
  }

  /** Sets the type that a typedef refers to. */
  setType(name: string, id: number): void {
    this.setSize(name, id);
  }

  /** Changes the length of the array that has this one. */
  setArrayLength(length: number, to: number): void {
    const at = this.#arrays.get(length);
    if (at === undefined) throw new Error(`no array of ${length}`);
    this.#view.setUint32(at + 20, to, true);
  }

  /** Sets the type of a member of a struct. */
  setMember(name: string, index: number, { type }: { type: number }): void {
    this.#view.setUint32(this.#type(name).at + 12 + 12 * index + 4, type, true);
  }
}
