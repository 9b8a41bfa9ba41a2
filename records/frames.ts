/** Stacks in records: ids that lead to a map, and arrays of addresses. */
import type { Resolvers } from "./resolvers.ts";
import type { Field } from "./schema.ts";

/** Returns the frames of one record, innermost first; undefined for an id without a stack. */
export type FrameReader = (v: DataView, at: number) => readonly string[] | undefined;

/** Frames that are read; the kernel keeps at most 127 of a stack unless told otherwise. */
const MAX_FRAMES = 1024;

/** Reports whether a field is shown as a stack. */
export function isStack({ type, format, bitSize }: Field): boolean {
  if (format.name !== "kstack" && format.name !== "ustack") return false;
  if (type.kind === "array") return type.element.kind === "int" && type.stride === 8;
  return type.kind === "int" && (type.bytes === 4 || type.bytes === 8) && bitSize === undefined;
}

/** Names of the process that addresses belong to, the best first. */
const PROCESS = [
  /^(pid|tgid)$/,
  /(^|\.)(pid|tgid|tgid_level0|pid_level0)$/,
  /(^|\.|_)(pid|tgid|tid)$/,
];

/** Names of `bpf_get_current_pid_tgid()`'s value, whose upper half is the process. */
const PROCESS_AND_THREAD = /(^|\.)(pid_?tgid|tgid_?pid)$/;

/** Returns the field with the number of the process that addresses of a record belong to. */
export function processOf(fields: readonly Field[]): Field | undefined {
  const numbers = fields.filter(({ type, bitSize }) =>
    type.kind === "int" && type.bytes === 4 && bitSize === undefined
  );
  for (const name of PROCESS) {
    const found = numbers.find((field) => name.test(field.name));
    if (found !== undefined) return found;
  }
  const both = fields.find(({ name, type, bitSize }) =>
    type.kind === "int" && type.bytes === 8 && bitSize === undefined &&
    PROCESS_AND_THREAD.test(name)
  );
  if (both === undefined) return undefined;
  const type = { kind: "int", bytes: 4, signed: false } as const;
  return { ...both, offset: both.offset + 4, size: 4, type };
}

/**
 * Returns the reader of a field that is a stack.
 *
 * @param all fields of the record
 */
export function frameReader(
  field: Field,
  all: readonly Field[],
  resolvers: Resolvers,
): FrameReader {
  const process = processOf(all);
  const pidOf = (v: DataView, at: number) =>
    process === undefined ? undefined : v.getInt32(at + process.offset, true);
  const addresses = field.type.kind === "array"
    ? arrayReader(field, field.type.length)
    : idReader(field, resolvers);
  return (v, at) => {
    const found = addresses(v, at);
    if (found === undefined) return undefined;
    const pid = pidOf(v, at);
    return found.map((address, i) => frameName(address, { pid, isCall: i > 0, resolvers }));
  };
}

type AddressReader = (v: DataView, at: number) => readonly bigint[] | undefined;

function arrayReader({ offset, used }: Field, length: number): AddressReader {
  return (v, at) => {
    const count = used === undefined
      ? length
      : Math.min(length, Math.floor(signedAt(v, at + used.offset, used.size) / 8));
    const addresses: bigint[] = [];
    for (let i = 0; i < Math.min(count, MAX_FRAMES); i++) {
      const address = v.getBigUint64(at + offset + i * 8, true);
      if (address === 0n) break;
      addresses.push(address);
    }
    return addresses;
  };
}

function signedAt(v: DataView, at: number, bytes: number): number {
  return bytes === 8 ? Number(v.getBigInt64(at, true)) : v.getInt32(at, true);
}

/** `-EFAULT`: the task has no stack of that kind, as kernel threads have none of a process. */
const NO_STACK = -14;

function idReader({ offset, type, format }: Field, resolvers: Resolvers): AddressReader {
  const bytes = type.kind === "int" ? type.bytes : 4;
  return (v, at) => {
    const id = signedAt(v, at + offset, bytes);
    if (id === NO_STACK) return [];
    // Other errors: the number is shown.
    if (id < 0 || id > 0x7fffffff) return undefined;
    const found = resolvers.stack?.(id, format.argument);
    return found?.slice(0, MAX_FRAMES) ?? (id === 0 ? [] : undefined);
  };
}

/** Addresses of the kernel have the highest bit, on every architecture of 64 bits. */
const KERNEL_BIT = 1n << 63n;

/**
 * Names a frame. A call's return address can be the first byte of the next function, so the byte
 * before it decides.
 */
function frameName(
  address: bigint,
  { pid, isCall, resolvers }: { pid: number | undefined; isCall: boolean; resolvers: Resolvers },
): string {
  const back = isCall ? 1n : 0n;
  const name = (address & KERNEL_BIT) !== 0n
    ? resolvers.kernelSymbol?.(address - back)
    : resolvers.userSymbol?.(address - back, pid);
  return name === undefined ? `0x${address.toString(16)}` : isCall ? afterCall(name) : name;
}

/** Adds the byte that was taken away: `main+0x1f` becomes `main+0x20`. */
function afterCall(name: string): string {
  const [, before, digits] = /^(.*)\+0x([0-9a-f]{1,16})(?=\]?$)/s.exec(name) ?? [];
  if (before === undefined || digits === undefined) return `${name}+0x1`;
  const end = name.endsWith("]") ? "]" : "";
  return `${before}+0x${(BigInt(`0x${digits}`) + 1n).toString(16)}${end}`;
}

/** Returns a frame without its offset: lines of flame graphs are functions. */
export function functionName(frame: string): string {
  return frame.startsWith("0x") ? frame : frame.replace(/\+0x[0-9a-f]+(?=\]?$)/, "");
}
