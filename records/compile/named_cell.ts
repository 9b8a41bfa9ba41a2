/** Cells of integers that have names: of enums, flags, errors, users, symbols. */
import { deviceNumbers, errorName, fileMode, openFlags, signalName } from "../names/linux.ts";
import { syscallName } from "../names/syscalls.ts";
import type { EnumType, Field, IntType } from "../schema.ts";
import { jsonString, TEXT_EXPANSION, visibleText } from "../text/strings.ts";
import type { Access } from "./access.ts";
import { type Cell, type CellContext, digits, named } from "./cell_base.ts";

export function namedInt(
  field: Field,
  type: IntType | EnumType,
  access: Access,
  context: CellContext,
): Cell {
  const { format } = field;
  const { resolvers } = context;
  switch (format.name) {
    case "enum":
    case "flags": {
      const names = format.argument === undefined
        ? type.kind === "enum" ? type.names : undefined
        : resolvers.enumNames?.(format.argument);
      if (format.name === "flags") {
        if (names !== undefined) return named(access, context, (value) => joinFlags(value, names));
        // Flags of an enum that is not known are not those of open(2).
        if (format.argument !== undefined) return digits(access, context);
        return named(access, context, (value) => openFlags(Number(BigInt.asUintN(32, value))));
      }
      if (names === undefined) return digits(access, context);
      const byValue = new Map<bigint, string>();
      for (const { name, value } of names) if (!byValue.has(value)) byValue.set(value, name);
      return named(access, context, (value) => byValue.get(value));
    }
    case "errno":
      return named(access, context, (value) => errorText(value, type.signed));
    case "signal":
      return named(
        access,
        context,
        (value) => value === 0n ? undefined : signalName(Number(value)) ?? `signal#${value}`,
      );
    case "syscall":
      return named(access, context, (value) => syscallName(Number(value)));
    case "uid":
    case "gid": {
      // JSON keeps the number: names differ between hosts.
      if (context.style === "json" || context.exact) return digits(access, context);
      const find = format.name === "uid" ? resolvers.user : resolvers.group;
      return named(
        access,
        context,
        (value) => find?.call(resolvers, Number(BigInt.asUintN(32, value))),
      );
    }
    case "mode":
      return named(access, context, (value) => fileMode(Number(BigInt.asUintN(32, value))));
    case "dev":
      return named(access, context, (value) => deviceNumbers(Number(BigInt.asUintN(32, value))));
    case "addr":
    case "ksym":
      return named(
        access,
        context,
        (value) => symbolText(value, resolvers.kernelSymbol?.(address(value))),
      );
    case "usym":
      return perProcess(
        access,
        context,
        (value, pid) => symbolText(value, resolvers.userSymbol?.(address(value), pid)),
      );
    default:
      return digits(access, context);
  }
}

function address(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function symbolText(value: bigint, symbol: string | undefined): string {
  return symbol ?? `0x${address(value).toString(16)}`;
}

/** Names of set bits, joined by `|`; the rest as a number. */
function joinFlags(value: bigint, names: EnumType["names"]): string {
  const words: string[] = [];
  let rest = BigInt.asUintN(64, value);
  for (const { name, value: bits } of names) {
    const unsigned = BigInt.asUintN(64, bits);
    if (unsigned === 0n) {
      if (value === 0n) return name;
      continue;
    }
    if ((rest & unsigned) !== unsigned) continue;
    words.push(name);
    rest &= ~unsigned;
  }
  if (rest !== 0n || words.length === 0) words.push(rest === 0n ? "0" : `0x${rest.toString(16)}`);
  return words.join("|");
}

/** Errors are negative in results that are otherwise numbers, and positive in unsigned fields. */
function errorText(value: bigint, signed: boolean): string | undefined {
  if (value === 0n) return signed ? undefined : "";
  if (signed && value > 0n) return undefined;
  return errorName(Number(value < 0n ? -value : value));
}

/** Text that depends on the process in the record as well: not kept. */
function perProcess(
  access: Access,
  context: CellContext,
  find: (value: bigint, pid: number | undefined) => string | undefined,
): Cell {
  const write = context.code.constant(
    (b: Uint8Array, p: number, low: number, high: number, pid: number | undefined) => {
      const value = BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
      const text = find(value, pid) ?? `${value}`;
      const cut = text.length > 4000 ? text.slice(0, 4000) : text;
      const bytes = new TextEncoder().encode(
        context.style === "json" ? jsonString(cut) : visibleText(cut),
      );
      b.set(bytes, p);
      return p + bytes.length;
    },
  );
  if (access.kind === "big") return digits(access, context);
  const [low, high] = access.kind === "pair"
    ? [access.low, access.high]
    : [access.expr, access.signed ? `(${access.expr}<0?-1:0)` : "0"];
  const pid = context.pid ?? "undefined";
  return { expr: `${write}(b,p,${low},${high},${pid})`, max: 4000 * TEXT_EXPANSION + 2 };
}
