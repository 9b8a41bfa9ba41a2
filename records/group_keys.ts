/** Keys of groups: records whose keys look the same are one group, whatever their other bytes are. */
import { isStack, processOf } from "./frames.ts";
import { numberReader } from "./order.ts";
import type { Field, Schema } from "./schema.ts";

/** Returns the part of a record that tells its group from others, as text. */
export type Identity = (s: Uint8Array, v: DataView, at: number) => string;

/** Bytes of a record that a group's row has, too. */
export interface Copy {
  /** Bytes from the start of the record. */
  readonly from: number;
  /** Number of bytes. */
  readonly bytes: number;
  /** Bytes from the start of the row. */
  readonly to: number;
}

/** Keys of groups. */
export interface GroupKeys {
  /** Fields of a row. */
  readonly fields: readonly Field[];
  readonly identities: readonly Identity[];
  readonly copies: readonly Copy[];
  /** Bytes of a row. */
  readonly size: number;
}

/** Formats of addresses that mean something else in each process. */
const OF_USER = /^(ustack|usym)$/;

type Place = { readonly offset: number; readonly size: number };

/**
 * Returns how groups by some fields are told apart, and where a row has the fields: with everything
 * that decides their look, such as the family of an address.
 */
export function groupKeys(keys: readonly Field[], schema: Schema): GroupKeys {
  const copies: Copy[] = [];
  let size = 0;
  const place = (from: number, bytes: number): number => {
    const known = copies.find((copy) => copy.from === from && copy.bytes === bytes);
    if (known !== undefined) return known.to;
    copies.push({ from, bytes, to: size });
    size += bytes;
    return size - bytes;
  };
  const moved = (at: Place): Place => ({ offset: place(at.offset, at.size), size: at.size });
  const rowField = (field: Field): Field => {
    const { bitOffset, bitSize, family, used, port, ...rest } = field;
    const beside = {
      ...(family === undefined ? {} : { family: moved(family) }),
      ...(used === undefined ? {} : { used: moved(used) }),
      ...(port === undefined ? {} : { port: moved(port) }),
    };
    if (bitOffset === undefined || bitSize === undefined) {
      return { ...rest, ...beside, offset: place(field.offset, field.size) };
    }
    const offset = place(Math.floor(bitOffset / 8), Math.ceil((bitOffset % 8 + bitSize) / 8));
    return { ...rest, offset, bitOffset: offset * 8 + bitOffset % 8, bitSize };
  };
  const fields: Field[] = keys.map((key) => ({ ...rowField(key), hidden: false }));
  const identities = keys.map(identityOf);
  const areUsers = keys.some(({ format }) => OF_USER.test(format.name));
  const process = areUsers || keys.some(isStack) ? processOf(schema.fields) : undefined;
  if (process !== undefined && !keys.some(({ name }) => name === process.name)) {
    fields.push({ ...rowField(process), hidden: true });
    // Kernel addresses look the same, whatever process they are found in.
    if (areUsers) identities.push(identityOf(process));
  }
  return { fields, identities, copies, size };
}

function identityOf(field: Field): Identity {
  const { type, offset, size, family, used, port } = field;
  const number = numberReader(field);
  if (number !== undefined && (field.bitSize !== undefined || type.kind === "float")) {
    return number.exact
      ? (s, v, at) => `${number.number(s, v, at)};`
      : (s, v, at) => `${number.big(s, v, at)};`;
  }
  const bytes = (s: Uint8Array, from: number, length: number) => {
    let text = `${length}:`;
    for (let i = 0; i < length; i++) text += String.fromCharCode(s[from + i] ?? 0);
    return text;
  };
  const portText = (s: Uint8Array, at: number) =>
    port === undefined ? "" : bytes(s, at + port.offset, port.size);
  if (field.format.name === "str") {
    // Bytes after the end of a text do not make another group.
    return (s, _v, at) => {
      const from = at + offset;
      let length = 0;
      while (length < size && s[from + length] !== 0) length++;
      return bytes(s, from, length);
    };
  }
  if (used !== undefined) {
    const most = unsignedReader(used);
    // The rest of an element that a record ends in is not shown.
    const step = type.kind === "array" ? type.stride : 1;
    return (s, v, at) => {
      const length = Math.min(size, most(v, at));
      return bytes(s, at + offset, length - length % step);
    };
  }
  if (family !== undefined) {
    const version = unsignedReader(family);
    return (s, v, at) => {
      const is4 = /^[24]$/.test(`${version(v, at)}`);
      return bytes(s, at + offset, is4 ? Math.min(4, size) : size) + portText(s, at);
    };
  }
  return (s, _v, at) => bytes(s, at + offset, size) + portText(s, at);
}

function unsignedReader({ offset, size }: Place): (v: DataView, at: number) => number {
  switch (size) {
    case 1:
      return (v, at) => v.getUint8(at + offset);
    case 2:
      return (v, at) => v.getUint16(at + offset, true);
    case 4:
      return (v, at) => v.getUint32(at + offset, true);
    default:
      return (v, at) => Number(v.getBigUint64(at + offset, true));
  }
}
