/** Sizes of types, computed from BTF; a cyclic type has none. */
import type { Btf } from "./btf.ts";
import type { BtfType } from "./btf_types.ts";
import { BtfError } from "./errors.ts";

/** The kernel resolves 32 levels. */
export const MAX_DEPTH = 64;
/** The kernel's limit: 32 bits. */
const MAX_SIZE = 0xffffffff;
/** eBPF has 64-bit pointers, whatever the guest has. */
export const POINTER_BYTES = 8;

/** A type without the typedefs and modifiers around it. */
export interface Resolved {
  readonly id: number;
  readonly type: BtfType;
  /** The innermost typedef, which names what has no name of its own; "" without one. */
  readonly typedef: string;
}

/**
 * Takes typedefs, `const` and the like away.
 *
 * @throws {BtfError} when there are too many, as in a circle
 */
export function resolve(btf: Btf, id: number): Resolved {
  let typedef = "";
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.type(id);
    if (type.kind === "typedef") typedef = type.name;
    else if (type.kind !== "modifier" && type.kind !== "tag") return { id, type, typedef };
    id = type.type;
  }
  throw new BtfError(`type ${id} is a cycle of names, or nested more than ${MAX_DEPTH} times`);
}

/** Sizes of types, each found once. */
export class Sizes {
  readonly #btf: Btf;
  readonly #known = new Map<number, number>();

  /** For the types of `btf`. */
  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /**
   * Bytes of a type.
   *
   * @throws {BtfError} for a type without a size, such as a forward declaration, and for one of more
   *   than 4 GiB
   */
  of(id: number, depth = 0): number {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) throw new BtfError(`type ${id} is nested too deep`);
    const size = this.#find(id, depth);
    this.#known.set(id, size);
    return size;
  }

  #find(id: number, depth: number): number {
    const { type } = resolve(this.#btf, id);
    switch (type.kind) {
      case "int":
      case "float":
      case "struct":
      case "union":
      case "enum":
        return type.bytes;
      case "ptr":
        return POINTER_BYTES;
      case "array": {
        const size = this.of(type.type, depth + 1) * type.length;
        if (size > MAX_SIZE) throw new BtfError(`the array of type ${id} has ${size} bytes`);
        return size;
      }
      default:
        throw new BtfError(`type ${id} is used as a value, but a ${type.kind} has no size`);
    }
  }
}

/** Sizes of integers. */
export type IntegerBytes = 1 | 2 | 4 | 8 | 16;

/** Size and sign of C's integers in eBPF, and of the kernel's types with the same names in each program. */
export const C_INTEGERS: Readonly<
  Record<string, readonly [bytes: IntegerBytes, isSigned: boolean]>
> = {
  "char": [1, true],
  "signed char": [1, true],
  "unsigned char": [1, false],
  "short": [2, true],
  "unsigned short": [2, false],
  "int": [4, true],
  "signed": [4, true],
  "unsigned": [4, false],
  "unsigned int": [4, false],
  "long": [8, true],
  "unsigned long": [8, false],
  "long long": [8, true],
  "unsigned long long": [8, false],
  "size_t": [8, false],
  "ssize_t": [8, true],
  "pid_t": [4, true],
  "uid_t": [4, false],
  "gid_t": [4, false],
  "__int128": [16, true],
  "unsigned __int128": [16, false],
};
