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
  | { readonly kind: "float"; readonly js: string }
  | { readonly kind: "text"; readonly at: string; readonly most: number }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "string"; readonly value: string };

/** Longest text that is compared byte by byte in the code itself. */
const INLINE_BYTES = 16;

/** Formats of which JSON has numbers. */
const NUMBERS_ONLY = /^(dec|ns|us|ms|s|size|uid|gid|inode|be16|be32|be64)$/;

const SWAPPED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** Returns the test for an expression. */
export function compileNode(node: ASTNode, find: (name: string) => Field, text: string): Predicate {
  const compiler = new Compiler(find, text);
  const part = compiler.part(node);
  if (part.kind !== "bool") throw compiler.wrong("it is not a condition");
  return compiler.code.make<Predicate>(`function test(s,v,at){return ${part.js};}`);
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
  readonly #find: (name: string) => Field;
  readonly #text: string;
  readonly #helpers = new Map<string, string>();

  constructor(find: (name: string) => Field, text: string) {
    this.#find = find;
    this.#text = text;
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
        return this.#field(this.#find(name));
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
      return { kind: "float", js: `v.getFloat${type.bytes * 8}(${place(field.offset)},true)` };
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

  /** Compares an enum with one of its names. */
  #compareName(op: string, left: Part & { readonly field?: Field }, name: string): string {
    const { field } = left;
    if (field === undefined) throw new NotCompiled();
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

  #call(name: string, args: readonly ASTNode[]): Part {
    const [first] = args;
    if (first === undefined || args.length !== 1 || name !== "size") throw new NotCompiled();
    const part = this.part(first);
    if (part.kind !== "text") throw new NotCompiled();
    return this.#size(part);
  }
}

function isLiteral({ kind }: Part): boolean {
  return kind === "integer" || kind === "double" || kind === "string";
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
