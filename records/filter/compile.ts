/**
 * Filters as JavaScript: comparisons and tests of text, which read only the fields they name.
 *
 * CEL's semantics for integers hold: 64 bits without loss. Everything else throws
 * {@linkcode NotCompiled}, and the library evaluates the expression.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { type Access, accessOf, place } from "../compile/access.ts";
import { Code } from "../compile/code.ts";
import { nearest } from "../../ffi/nearest.ts";
import { RecordsError } from "../errors.ts";
import type { Predicate } from "../output_options.ts";
import type { EnumType, Field } from "../schema.ts";
import type { Clock } from "../text/times.ts";
import { durationOf, momentOf, startOf, stepOf } from "./times.ts";
import { VALUE_HELPERS } from "./values.ts";

/** Thrown for an expression that is left to the library. */
export class NotCompiled extends Error {}

/** Part of an expression, as JavaScript. */
type Part =
  | { readonly kind: "bool"; readonly js: string }
  | { readonly kind: "number"; readonly js: string; readonly field?: Field }
  | {
    readonly kind: "pair";
    readonly access: Extract<Access, { kind: "pair" }>;
    readonly field: Field;
  }
  | { readonly kind: "float"; readonly js: string; readonly field: Field }
  | { readonly kind: "text"; readonly at: string; readonly most: number }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  /** Nanoseconds; of a moment since 1970. */
  | { readonly kind: "duration" | "moment"; readonly ns: bigint };

/** Surroundings of an expression. */
export interface FilterParts {
  readonly find: (name: string) => Field;
  readonly clock: Clock;
  /** Returns the test that the library makes of a part. */
  readonly evaluate: (node: ASTNode) => Predicate;
}

/** Longest text that is compared byte by byte in the code itself. */
const INLINE_BYTES = 16;

/** Formats of numbers: a text would never be equal to one. */
const NUMBERS_ONLY = /^(dec|ns|us|ms|s|size|uid|gid|inode|be16|be32|be64|hex|addr|oct)$/;

const SWAPPED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** Returns the test for an expression; parts that have no code are left to the library. */
export function compileNode(node: ASTNode, parts: FilterParts, text: string): Predicate {
  const compiler = new Compiler(parts, text);
  return compiler.code.make<Predicate>(
    `function test(s,v,at){return ${compiler.condition(node)};}`,
  );
}

/** Returns the dotted name that a node is, if it is one. */
export function nameOf(node: ASTNode): string | undefined {
  if (node.op === "id") return node.args;
  if (node.op !== ".") return undefined;
  const [object, member] = node.args;
  const base = nameOf(object);
  return base === undefined ? undefined : `${base}.${member}`;
}

class Compiler {
  readonly code = new Code();
  readonly #parts: FilterParts;
  readonly #text: string;
  readonly #helpers = new Map<string, string>();

  constructor(parts: FilterParts, text: string) {
    this.#parts = parts;
    this.#text = text;
  }

  /**
   * Returns the code of a condition, each side of && and || by itself.
   *
   * Not below `!`: a part that fails for a record does not match, and neither does its opposite.
   */
  condition(node: ASTNode): string {
    if (node.op === "&&" || node.op === "||") {
      const [left, right] = node.args;
      return `(${this.condition(left)}${node.op}${this.condition(right)})`;
    }
    try {
      const part = this.part(node);
      if (part.kind === "bool") return part.js;
    } catch (error) {
      if (!(error instanceof NotCompiled)) throw error;
      return `${this.code.constant(this.#parts.evaluate(node))}(s,v,at)`;
    }
    throw this.wrong(
      node.input.length === node.end - node.start
        ? "it is not a condition"
        : `"${sourceOf(node)}" is not a condition`,
    );
  }

  wrong(reason: string, hint?: string): RecordsError {
    return new RecordsError(`Cannot filter by "${this.#text}": ${reason}`, {
      code: "BAD_FILTER",
      hint,
    });
  }

  part(node: ASTNode): Part {
    switch (node.op) {
      case "value":
        return this.#literal(node.args);
      case "id":
      case ".": {
        const name = nameOf(node);
        if (name === undefined) throw new NotCompiled();
        return this.#field(this.#parts.find(name));
      }
      case "&&":
      case "||": {
        const [left, right] = node.args;
        return { kind: "bool", js: `(${this.#bool(left)}${node.op}${this.#bool(right)})` };
      }
      case "!_":
        return { kind: "bool", js: `!${this.#bool(node.args)}` };
      case "-_":
        return this.#negative(this.part(node.args));
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=": {
        const [left, right] = node.args;
        return { kind: "bool", js: this.#compare(node.op, this.part(left), this.part(right)) };
      }
      case "in": {
        const [left, list] = node.args;
        if (list.op !== "list") throw new NotCompiled();
        const value = this.part(left);
        const tests = list.args.map((each) => this.#compare("==", value, this.part(each)));
        return { kind: "bool", js: tests.length === 0 ? "false" : `(${tests.join("||")})` };
      }
      case "rcall":
        return this.#method(node.args[0], this.part(node.args[1]), node.args[2]);
      case "call":
        return this.#call(node.args[0], node.args[1]);
      default:
        throw new NotCompiled();
    }
  }

  #bool(node: ASTNode): string {
    const part = this.part(node);
    if (part.kind !== "bool") throw this.wrong(`"${sourceOf(node)}" is not a condition`);
    return part.js;
  }

  #literal(value: unknown): Part {
    if (typeof value === "bigint") return { kind: "integer", value };
    if (typeof value === "number") return { kind: "double", value };
    if (typeof value === "boolean") return { kind: "bool", js: String(value) };
    if (typeof value === "string") return { kind: "string", value };
    if (typeof value === "object" && value !== null && "value" in value) {
      // An unsigned literal: 1u.
      if (typeof value.value === "bigint") return { kind: "integer", value: value.value };
    }
    throw new NotCompiled();
  }

  #negative(part: Part): Part {
    if (part.kind === "integer") return { kind: "integer", value: -part.value };
    if (part.kind === "double") return { kind: "double", value: -part.value };
    throw new NotCompiled();
  }

  #field(field: Field): Part {
    const { type, format } = field;
    if (type.kind === "bytes") {
      if (format.name !== "str") throw new NotCompiled();
      return { kind: "text", at: place(field.offset), most: type.length };
    }
    if (type.kind === "float") {
      return {
        kind: "float",
        js: `v.getFloat${type.bytes * 8}(${place(field.offset)},true)`,
        field,
      };
    }
    if (type.kind !== "int" && type.kind !== "enum") throw new NotCompiled();
    // Numbers in another byte order, and addresses.
    if (/^(be16|be32|be64|ipv4|ipv6|ip|mac|str)$/.test(format.name)) throw new NotCompiled();
    const access = accessOf(field, type);
    if (format.name === "bool") {
      if (access.kind !== "number") throw new NotCompiled();
      return { kind: "bool", js: `(${access.expr}!==0)` };
    }
    if (access.kind === "number") return { kind: "number", js: access.expr, field };
    if (access.kind === "pair") return { kind: "pair", access, field };
    throw new NotCompiled();
  }

  #compare(op: string, left: Part, right: Part): string {
    if (isLiteral(left) && !isLiteral(right)) return this.#compare(SWAPPED[op] ?? op, right, left);
    if (right.kind === "duration" || right.kind === "moment") {
      return this.#compareTime(op, left, right);
    }
    const js = op === "==" ? "===" : op === "!=" ? "!==" : op;
    if (left.kind === "bool" && right.kind === "bool" && js.endsWith("==")) {
      return `(${left.js}${js}${right.js})`;
    }
    if (left.kind === "text" && right.kind === "string") {
      return this.#compareText(op, left, right.value);
    }
    if (left.kind === "text" && (right.kind === "integer" || right.kind === "double")) {
      throw this.wrong("text is compared with a number", `put quotes around it: "${right.value}"`);
    }
    if (left.kind === "number" || left.kind === "pair") {
      if (right.kind === "string") return this.#compareName(op, left, right.value);
    }
    if (left.kind === "number") {
      if (right.kind === "integer") return integerTest(left.js, js, right.value);
      if (right.kind === "double") return `(${left.js}${js}${right.value})`;
      if (right.kind === "number" || right.kind === "float") return `(${left.js}${js}${right.js})`;
    }
    if (left.kind === "pair" && right.kind === "integer") {
      return pairTest(left.access, op, right.value);
    }
    if (left.kind === "float") {
      if (right.kind === "double") return `(${left.js}${js}${right.value})`;
      if (right.kind === "float" || right.kind === "number") return `(${left.js}${js}${right.js})`;
      if (right.kind === "integer" && isSafe(right.value)) return `(${left.js}${js}${right.value})`;
    }
    throw new NotCompiled();
  }

  /** Compares a duration or a time in the unit and by the clock of the field. */
  #compareTime(op: string, left: Part, right: Extract<Part, { ns: bigint }>): string {
    if (left.kind !== "number" && left.kind !== "pair" && left.kind !== "float") {
      throw new NotCompiled();
    }
    const { field } = left;
    // Without a field it is the size of a text.
    if (field === undefined) throw new NotCompiled();
    if (right.kind === "moment") {
      const start = startOf(field, this.#parts.clock);
      if (start === undefined) throw this.#otherUnit(field, "a time", "time");
      return this.#compareWhole(op, left, right.ns - start, 1n);
    }
    const step = stepOf(field);
    if (step === undefined) throw this.#otherUnit(field, "a duration", "ns");
    return this.#compareWhole(op, left, right.ns, step);
  }

  #otherUnit(field: Field, what: string, format: string): RecordsError {
    const { name } = field;
    const hint = startOf(field, this.#parts.clock) !== undefined
      ? `it is a time: ${name} > timestamp("2026-01-31T12:00:00Z")`
      : stepOf(field) !== undefined
      ? `it is a duration: ${name} > duration("1ms")`
      : `if it is one: --as ${name}=${format}`;
    return this.wrong(`"${name}" is not ${what}`, hint);
  }

  /** Compares a number of steps with some nanoseconds. */
  #compareWhole(op: string, left: Part, ns: bigint, step: bigint): string {
    const js = op === "==" ? "===" : op === "!=" ? "!==" : op;
    if (left.kind === "float") return `(${left.js}${js}${Number(ns) / Number(step)})`;
    let whole = ns / step;
    if (whole * step > ns) whole -= 1n;
    if (whole * step !== ns) {
      // Between two numbers: none is equal, and it is above the lower one.
      if (op === "==") return "false";
      if (op === "!=") return "true";
      op = op.startsWith("<") ? "<=" : ">";
    }
    return this.#compare(op, left, { kind: "integer", value: whole });
  }

  /** Compares an enum with one of its names. */
  #compareName(op: string, left: Part & { readonly field?: Field }, name: string): string {
    const { field } = left;
    if (field === undefined) throw new NotCompiled();
    if (startOf(field, this.#parts.clock) !== undefined) {
      throw this.wrong(
        `"${field.name}" is a time`,
        `compare it with one: ${field.name} > timestamp("2026-01-31T12:00:00Z")`,
      );
    }
    if (stepOf(field) !== undefined) {
      throw this.wrong(
        `"${field.name}" is a duration`,
        `compare it with one or a number: ${field.name} > duration("1ms")`,
      );
    }
    if (NUMBERS_ONLY.test(field.format.name)) {
      throw this.wrong(`"${field.name}" is a number`, `compare it with one: ${field.name} == 1`);
    }
    if (
      field.type.kind !== "enum" || field.format.name !== "enum" ||
      field.format.argument !== undefined
    ) {
      throw new NotCompiled();
    }
    const value = valueOf(field.type, name);
    if (value === undefined) {
      const names = field.type.names.map((each) => each.name);
      const close = nearest(name, names);
      throw this.wrong(
        `"${name}" is not a value of "${field.name}"`,
        `${close === undefined ? "" : `did you mean "${close}"? `}values: ${
          names.slice(0, 40).join(", ")
        }`,
      );
    }
    if (op !== "==" && op !== "!=") throw this.wrong(`names of "${field.name}" have no order`);
    return this.#compare(op, left, { kind: "integer", value });
  }

  #compareText(op: string, { at, most }: { at: string; most: number }, value: string): string {
    const bytes = new TextEncoder().encode(value);
    if (op !== "==" && op !== "!=") {
      return `(${this.#helper("compareText")}(s,${at},${most},${this.code.constant(bytes)})${op}0)`;
    }
    const not = op === "!=" ? "!" : "";
    if (bytes.length > most || bytes.includes(0)) return not === "" ? "false" : "true";
    return `${not}${this.#sameText(at, most, bytes, true)}`;
  }

  #sameText(at: string, most: number, bytes: Uint8Array, whole: boolean): string {
    if (bytes.length > INLINE_BYTES) {
      const name = whole ? "equals" : "startsWith";
      return `${this.#helper(name)}(s,${at},${most},${this.code.constant(bytes)})`;
    }
    const tests = Array.from(bytes, (byte, i) => `s[${at}+${i}]===${byte}`);
    if (whole && bytes.length < most) tests.push(`s[${at}+${bytes.length}]===0`);
    return tests.length === 0 ? "true" : `(${tests.join("&&")})`;
  }

  #helper(name: keyof typeof VALUE_HELPERS): string {
    const known = this.#helpers.get(name) ?? this.code.constant(VALUE_HELPERS[name]);
    this.#helpers.set(name, known);
    return known;
  }

  #method(name: string, receiver: Part, args: readonly ASTNode[]): Part {
    const [first] = args;
    if (receiver.kind !== "text") throw new NotCompiled();
    if (name === "size" && args.length === 0) return this.#size(receiver);
    if (name !== "startsWith" && name !== "endsWith" && name !== "contains") {
      throw new NotCompiled();
    }
    if (first === undefined || args.length !== 1) throw new NotCompiled();
    const literal = this.part(first);
    if (literal.kind !== "string") throw new NotCompiled();
    const bytes = new TextEncoder().encode(literal.value);
    const { at, most } = receiver;
    if (bytes.length > most || bytes.includes(0)) return { kind: "bool", js: "false" };
    if (name === "startsWith") return { kind: "bool", js: this.#sameText(at, most, bytes, false) };
    const k = this.code.constant(bytes);
    return { kind: "bool", js: `${this.#helper(name)}(s,${at},${most},${k})` };
  }

  #size({ at, most }: { at: string; most: number }): Part {
    return { kind: "number", js: `${this.#helper("characters")}(s,${at},${most})` };
  }

  #time(name: "duration" | "timestamp", part: Part): Part {
    const seconds = name === "timestamp" && part.kind === "integer" ? part.value : undefined;
    if (seconds !== undefined) return { kind: "moment", ns: seconds * 1_000_000_000n };
    if (part.kind !== "string") throw new NotCompiled();
    const ns = name === "duration" ? durationOf(part.value) : momentOf(part.value);
    if (ns !== undefined) return { kind: name === "duration" ? "duration" : "moment", ns };
    const example = name === "duration" ? "1.5ms" : "2026-01-31T12:00:00Z";
    throw this.wrong(`"${part.value}" is not a ${name}`, `write it as ${name}("${example}")`);
  }

  #call(name: string, args: readonly ASTNode[]): Part {
    const [first] = args;
    if (first === undefined || args.length !== 1) throw new NotCompiled();
    if (name === "duration" || name === "timestamp") return this.#time(name, this.part(first));
    if (name !== "size") throw new NotCompiled();
    const part = this.part(first);
    if (part.kind !== "text") throw new NotCompiled();
    return this.#size(part);
  }
}

function isLiteral({ kind }: Part): boolean {
  return /^(integer|double|string|duration|moment)$/.test(kind);
}

function isSafe(value: bigint): boolean {
  return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** Compares a number of at most 32 bits. */
function integerTest(js: string, op: string, value: bigint): string {
  // Numbers beyond 2^53 are beyond 32 bits as well; their order is what counts.
  const near = isSafe(value) ? `${value}` : value > 0n ? "9007199254740991" : "-9007199254740991";
  return `(${js}${op}${near})`;
}

/** Compares a 64-bit number in two halves. */
function pairTest(
  { low, high, signed }: Access & { kind: "pair" },
  op: string,
  value: bigint,
): string {
  const [min, max] = signed ? [-(1n << 63n), (1n << 63n) - 1n] : [0n, (1n << 64n) - 1n];
  if (value < min || value > max) {
    const isBelow = value > max;
    const result = op === "!=" || (isBelow ? op.startsWith("<") : op.startsWith(">"));
    return String(result);
  }
  const bits = BigInt.asUintN(64, value);
  const l = Number(bits & 0xffff_ffffn);
  const unsignedHigh = Number(bits >> 32n);
  const h = signed ? unsignedHigh | 0 : unsignedHigh;
  const top = signed ? `(${high}|0)` : high;
  switch (op) {
    case "==":
      return `(${low}===${l}&&${top}===${h})`;
    case "!=":
      return `(${low}!==${l}||${top}!==${h})`;
    default:
      return `(${top}${op[0]}${h}||${top}===${h}&&${low}${op}${l})`;
  }
}

function valueOf({ names }: EnumType, name: string): bigint | undefined {
  return names.find((each) => each.name === name)?.value;
}

function sourceOf({ input, start, end }: ASTNode): string {
  return input.slice(start, end);
}
