/** Readers of values, made once for a plan. */
import type { MemberPlan, RecordPlan, ValuePlan } from "./value_plan.ts";

/**
 * Reads the value that begins at byte `at` of `view`.
 *
 * @throws {RangeError} when the view ends before the value does
 */
export type ValueReader<T> = (view: DataView, at?: number) => T;

const decoder = new TextDecoder();

const HELPERS = {
  array<T>(length: number, element: (index: number) => T): T[] {
    const values = new Array<T>(length);
    for (let i = 0; i < length; i++) values[i] = element(i);
    return values;
  },
  bits(view: DataView, at: number, first: number, count: number): bigint {
    let value = 0n;
    const last = first + count - 1 >> 3;
    for (let byte = last; byte >= first >> 3; byte--) {
      value = value << 8n | BigInt(view.getUint8(at + byte));
    }
    return BigInt.asUintN(count, value >> BigInt(first & 7));
  },
  bytes(view: DataView, at: number, length: number): Uint8Array {
    return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
  },
  text(view: DataView, at: number, length: number): string {
    const all = new Uint8Array(view.buffer, view.byteOffset + at, length);
    let end = 0;
    let isAscii = true;
    for (; end < length && all[end] !== 0; end++) isAscii &&= (all[end] ?? 0) < 128;
    const part = all.subarray(0, end);
    return isAscii && end <= 64 ? String.fromCharCode(...part) : decoder.decode(part.slice());
  },
  wide(view: DataView, at: number): bigint {
    return view.getBigUint64(at, true) | view.getBigUint64(at + 8, true) << 64n;
  },
};

/** Returns a reader of what a plan describes. Names become properties of objects, whatever they are. */
export function valueReader<T>(plan: ValuePlan): ValueReader<T> {
  // Numbers were checked by the plan, and names are quoted: nothing else of a type becomes code.
  const body = `"use strict";const {${Object.keys(HELPERS).join(",")}}=h;` +
    `return (v,at=0)=>(${expression(plan, "at", 0)});`;
  return new Function("h", body)(HELPERS) as ValueReader<T>;
}

function expression(plan: ValuePlan, at: string, depth: number): string {
  switch (plan.kind) {
    case "int":
      return integer(plan, at);
    case "float":
      return `v.getFloat${plan.bytes * 8}(${at},true)`;
    case "text":
      return `text(v,${at},${plan.length})`;
    case "bytes":
      return `bytes(v,${at},${plan.length})`;
    case "array": {
      const element = expression(plan.of, `${at}+i${depth}*${plan.stride}`, depth + 1);
      return `array(${plan.length},(i${depth})=>(${element}))`;
    }
    case "record":
      return record(plan, at, depth);
  }
}

function integer({ bytes, signed, isBool }: ValuePlan & { kind: "int" }, at: string): string {
  if (isBool === true) return `v.getUint8(${at})!==0`;
  const sign = signed ? "Int" : "Uint";
  if (bytes === 16) return signed ? `BigInt.asIntN(128,wide(v,${at}))` : `wide(v,${at})`;
  if (bytes === 8) return `v.getBig${sign}64(${at},true)`;
  return `v.get${sign}${bytes * 8}(${at},true)`;
}

function record({ members }: RecordPlan, at: string, depth: number): string {
  const parts = members.map((member) => {
    const place = member.offset === 0 ? at : `${at}+${member.offset}`;
    const value = member.bits === undefined
      ? expression(member.of, place, depth)
      : bitField(member, at);
    return `[${JSON.stringify(member.name)}]:${value}`;
  });
  return `{${parts.join(",")}}`;
}

function bitField({ bits, of }: MemberPlan, at: string): string {
  const { offset = 0, size = 0 } = bits ?? {};
  const raw = `bits(v,${at},${offset},${size})`;
  if (of.kind !== "int") return raw;
  if (of.isBool === true) return `${raw}!==0n`;
  const value = of.signed ? `BigInt.asIntN(${size},${raw})` : raw;
  return of.bytes <= 4 ? `Number(${value})` : value;
}
