/** Values of global variables from words of a command line, by the variable's type. */
import type { Btf } from "../btf/btf.ts";
import type { BtfType } from "../btf/btf_types.ts";
import { resolve, Sizes } from "../btf/layout.ts";
import { parseAddress } from "./addresses.ts";

/** A word is not a value of the variable's type; `reason` completes "Cannot set …: ". */
export class ValueError extends Error {
  override name = "ValueError";
}

const SIZE_UNITS: Readonly<Record<string, bigint>> = {
  k: 1n << 10n,
  m: 1n << 20n,
  g: 1n << 30n,
};
const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
/** Units that the name of a variable says, in nanoseconds. */
const NAME_UNIT = /_(ns|us|ms|s|sec|secs)$/;

/**
 * Converts a word to the bytes of a variable.
 *
 * @param name of the variable: `_ns`, `_us` and `_ms` at its end take durations
 * @throws {ValueError}
 */
export function valueBytes(
  btf: Btf,
  { name, type }: { name: string; type: number },
  text: string,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new Sizes(btf).of(type));
  write(btf, { type, name, bytes }, text);
  return bytes;
}

interface Place {
  readonly type: number;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function write(btf: Btf, place: Place, text: string): void {
  const { type, typedef } = resolve(btf, place.type);
  const { bytes } = place;
  switch (type.kind) {
    case "int": {
      if (type.bool) return writeInteger(bytes, boolean(text));
      const address = /^__be(16|32)$/.test(typedef) ? beInteger(text, bytes) : undefined;
      if (address !== undefined) return bytes.set(address);
      return writeInteger(bytes, integer(text, place.name), type.signed);
    }
    case "enum": {
      const similar = type.values.filter(({ name }) => name.toLowerCase() === text.toLowerCase());
      const named = type.values.find(({ name }) => name === text) ??
        (similar.length === 1 ? similar[0] : undefined);
      if (named !== undefined) return writeInteger(bytes, named.value, named.value < 0n);
      if (!/^-?\d/.test(text)) {
        const names = type.values.slice(0, 12).map(({ name }) => name).join(", ");
        throw new ValueError(`"${text}" is not one of ${names}`);
      }
      return writeInteger(bytes, integer(text, ""), type.signed);
    }
    case "float":
      return writeFloat(bytes, text);
    case "array":
      return writeArray(btf, { ...place, array: type }, text);
    case "ptr":
      throw new ValueError("it is a pointer, which a word cannot set");
    default:
      throw new ValueError(`a ${type.kind} cannot be set by a word`);
  }
}

function writeArray(
  btf: Btf,
  { bytes, name, array }: Place & { array: Extract<BtfType, { kind: "array" }> },
  text: string,
): void {
  const element = resolve(btf, array.type).type;
  if (element.kind === "int" && element.bytes === 1 && !element.bool) {
    const isText = element.name === "char" || !/^(\d|0x)[\d.:,a-fx]*$/i.test(text);
    const address = isText ? undefined : parseAddress(text, bytes.length);
    if (address !== undefined) return bytes.set(address);
    if (isText) return writeText(bytes, text);
  }
  const words = text === "" ? [] : text.split(",");
  if (words.length > array.length) {
    throw new ValueError(`it takes at most ${array.length} values, not ${words.length}`);
  }
  const step = array.length === 0 ? 0 : bytes.length / array.length;
  words.forEach((word, i) => {
    const part = bytes.subarray(i * step, (i + 1) * step);
    write(btf, { type: array.type, name, bytes: part }, word.trim());
  });
}

function writeText(bytes: Uint8Array<ArrayBuffer>, text: string): void {
  const encoded = new TextEncoder().encode(text);
  // The last byte is the NUL of a C string.
  if (encoded.length >= bytes.length) {
    throw new ValueError(`it takes at most ${bytes.length - 1} bytes, not ${encoded.length}`);
  }
  bytes.fill(0);
  bytes.set(encoded);
}

function boolean(text: string): bigint {
  const word = text.toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return 1n;
  if (["false", "no", "off", "0"].includes(word)) return 0n;
  throw new ValueError(`"${text}" is not true or false`);
}

function integer(text: string, name: string): bigint {
  if (/^-?(0x[\da-f]{1,32}|\d{1,39})$/i.test(text)) {
    const isNegative = text.startsWith("-");
    const value = BigInt(isNegative ? text.slice(1) : text);
    return isNegative ? -value : value;
  }
  if (/^'.'$/u.test(text)) return BigInt(text.codePointAt(1) ?? 0);
  const unit = NAME_UNIT.exec(name)?.[1]?.replace(/^sec.*/, "s");
  const [, digits, suffix = ""] = /^(\d{1,39}(?:\.\d{1,39})?)([a-z]+)$/i.exec(text) ?? [];
  const length = NANOSECONDS[suffix];
  const step = unit === undefined ? undefined : NANOSECONDS[unit];
  if (digits !== undefined && length !== undefined && step !== undefined) {
    const [whole = "", part = ""] = digits.split(".");
    const divisor = step * 10n ** BigInt(part.length);
    // Rounds to the nearest: numbers of JavaScript would round beyond 2^53.
    return (2n * BigInt(whole + part) * length + divisor) / (2n * divisor);
  }
  const factor = SIZE_UNITS[suffix.toLowerCase()];
  if (digits !== undefined && !digits.includes(".") && factor !== undefined) {
    return BigInt(digits) * factor;
  }
  throw new ValueError(`"${text}" is not a whole number`);
}

/** Writes an integer in the machine's byte order, which is little-endian. */
function writeInteger(bytes: Uint8Array<ArrayBuffer>, value: bigint, isSigned = false): void {
  const bits = BigInt(bytes.length * 8);
  const least = isSigned ? -(1n << bits - 1n) : 0n;
  const most = isSigned ? (1n << bits - 1n) - 1n : (1n << bits) - 1n;
  if (value < least || value > most) {
    throw new ValueError(`${value} is not between ${least} and ${most}`);
  }
  let rest = BigInt.asUintN(Number(bits), value);
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
}

function writeFloat(bytes: Uint8Array<ArrayBuffer>, text: string): void {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new ValueError(`"${text}" is not a number`);
  const kept = bytes.length === 4 ? Math.fround(value) : value;
  if (!Number.isFinite(kept) && !/infinity/i.test(text)) {
    throw new ValueError(`${text} is too large for ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) view.setFloat32(0, value, true);
  else if (bytes.length === 8) view.setFloat64(0, value, true);
  else throw new ValueError("its type is not supported");
}

/** Returns the bytes of a value in network byte order. */
function beInteger(
  text: string,
  { length }: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const address = parseAddress(text, length);
  if (address !== undefined) return address;
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const bytes = new Uint8Array(length);
  writeInteger(bytes, BigInt(text));
  return bytes.reverse();
}

/** Shows a variable's value as a word that sets it. */
export function valueText(btf: Btf, type: number, bytes: Uint8Array<ArrayBuffer>): string {
  const resolved = resolve(btf, type).type;
  switch (resolved.kind) {
    case "int": {
      const value = numberOf(bytes, resolved.signed);
      return resolved.bool ? `${value !== 0n}` : `${value}`;
    }
    case "enum": {
      const value = numberOf(bytes, resolved.signed);
      return resolved.values.find((one) => one.value === value)?.name ?? `${value}`;
    }
    case "float": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (bytes.length === 4) return `${view.getFloat32(0, true)}`;
      // No word sets the others.
      return bytes.length === 8 ? `${view.getFloat64(0, true)}` : "";
    }
    case "array": {
      const element = resolve(btf, resolved.type).type;
      if (element.kind === "int" && element.bytes === 1) {
        const end = bytes.indexOf(0);
        return JSON.stringify(new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)));
      }
      return bytes.every((byte) => byte === 0) ? "" : "…";
    }
    default:
      return "";
  }
}

function numberOf(bytes: Uint8Array, isSigned: boolean): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value << 8n | BigInt(bytes[i] ?? 0);
  return isSigned ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** Names a type as C does. */
export function typeText(btf: Btf, id: number): string {
  try {
    const { type, typedef } = resolve(btf, id);
    switch (type.kind) {
      case "int":
      case "float":
        return typedef === "" || typedef === "bool" ? type.name || typedef : typedef;
      case "enum":
      case "struct":
      case "union":
        return typedef !== "" ? typedef : `${type.kind} ${type.name}`;
      case "array":
        return `${typeText(btf, type.type)}[${type.length}]`;
      case "ptr":
        return `${typeText(btf, type.type)} *`;
      default:
        return type.kind;
    }
  } catch {
    return "?";
  }
}
