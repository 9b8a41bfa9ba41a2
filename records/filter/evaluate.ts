/** Filters that the library evaluates, on values of the fields that they name. */
import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";
import { jsonRow } from "../compile/rows.ts";
import type { Predicate } from "../output_options.ts";
import { RecordsError } from "../errors.ts";
import type { Field } from "../schema.ts";
import { type Clock, Times } from "../text/times.ts";
import { nameOf } from "./compile.ts";
import { startOf, stepOf } from "./times.ts";

/** Constructors of the library's values. */
export interface Library {
  readonly UnsignedInt: new (value: bigint) => unknown;
  readonly Duration: new (seconds: bigint, nanoseconds: number) => unknown;
}

/** Surroundings of an expression that the library evaluates. */
export interface EvaluationParts {
  /** Bytes of a record. */
  readonly size: number;
  readonly text: string;
  readonly library: Library;
  readonly clock: Clock;
}

/** Most names that are looked at: expressions are typed by people. */
const MAX_NODES = 10_000;

/** Nested operators: the stack bounds them. */
const MAX_DEPTH = 250;

/** Macros of CEL that give a name to each element, and `cel.bind()`. */
const MACROS = /^(all|exists|exists_one|existsOne|map|filter|bind)$/;

/** Names that CEL has for types. */
const TYPES =
  /^(bool|bytes|double|int|uint|string|list|map|null_type|type|dyn|cel|google|optional)$/;

/** Returns the names that an expression gives to elements of lists. */
function boundNames(root: unknown): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isNode(value)) return;
    if (value.op === "rcall" && MACROS.test(value.args[0])) {
      const [first] = value.args[2];
      if (first?.op === "id") names.add(first.args);
    }
    visit(value.args);
  };
  visit(root);
  return names;
}

/** Returns the names of variables that records have to have: neither types nor those of macros. */
export function neededNames(root: ASTNode, variables: ReadonlySet<string>): string[] {
  const bound = boundNames(root);
  return [...variables].filter((name) => {
    const [first = ""] = name.split(".");
    return !bound.has(first) && !TYPES.test(first);
  });
}

/**
 * Returns the names of variables in an expression; dotted ones whole.
 *
 * @throws {RecordsError} `BAD_FILTER` if it is nested too deep
 */
export function variablesOf(root: ASTNode, text: string): Set<string> {
  const names = new Set<string>();
  let left = MAX_NODES;
  const visit = (value: unknown, depth: number): void => {
    if (--left < 0 || depth > MAX_DEPTH) throw badFilter(text, "it is too long or nested too deep");
    if (Array.isArray(value)) value.forEach((each) => visit(each, depth));
    else if (isNode(value)) {
      const name = nameOf(value);
      if (name !== undefined) names.add(name);
      else visit(value.args, depth + 1);
    }
  };
  visit(root, 0);
  return names;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

/**
 * Returns the test that the library makes. Times and durations are integers, or CEL's timestamps and
 * durations in an expression that has these or does not fit integers.
 *
 * @throws {RecordsError} `BAD_FILTER` if the types of a record do not fit the expression
 */
export function evaluated(
  parsed: ParseResult,
  fields: readonly Field[],
  parts: EvaluationParts,
): Predicate {
  const { library, clock } = parts;
  const integers = fields.map((field) => ({ path: field.path, read: valueReader(field, library) }));
  if (!fields.some((field) => isTime(field, clock))) return predicateOf(parsed, integers, parts);
  const times = fields.map((field) => ({ path: field.path, read: timeReader(field, parts) }));
  // An integer and a duration are compared without an error, and never equal.
  const [first, second] = callsTimes(parsed.ast) ? [times, integers] : [integers, times];
  try {
    return predicateOf(parsed, first, parts);
  } catch (error) {
    try {
      return predicateOf(parsed, second, parts);
    } catch {
      throw error;
    }
  }
}

/** Reports whether an expression makes timestamps or durations. */
function callsTimes(root: unknown): boolean {
  if (Array.isArray(root)) return root.some(callsTimes);
  if (!isNode(root)) return false;
  if (root.op === "call" && /^(duration|timestamp)$/.test(root.args[0])) return true;
  return callsTimes(root.args);
}

function isTime(field: Field, clock: Clock): boolean {
  const { type } = field;
  return type.kind === "int" && type.bytes <= 8 &&
    (stepOf(field) !== undefined || startOf(field, clock) !== undefined);
}

type ValueReader = (s: Uint8Array, v: DataView, at: number) => unknown;

/** Reads times and durations as CEL has them: timestamps of milliseconds, and durations. */
function timeReader(field: Field, { library, clock }: EvaluationParts): ValueReader {
  const read = valueReader(field, library);
  const start = startOf(field, clock);
  const step = stepOf(field) ?? 1n;
  if (!isTime(field, clock)) return read;
  return (s, v, at) => {
    const number = read(s, v, at);
    const value = typeof number === "bigint" ? number : BigInt(String(number));
    if (start !== undefined) return new Date(Number((value + start) / 1_000_000n));
    const ns = value * step;
    return new library.Duration(ns / 1_000_000_000n, Number(ns % 1_000_000_000n));
  };
}

function predicateOf(
  parsed: ParseResult,
  readers: readonly { readonly path: readonly string[]; readonly read: ValueReader }[],
  { size, text }: EvaluationParts,
): Predicate {
  const values = (s: Uint8Array, v: DataView, at: number) => {
    const root: Record<string, unknown> = Object.create(null);
    for (const { path, read } of readers) {
      let object = root;
      for (const name of path.slice(0, -1)) {
        const inner = object[name];
        if (typeof inner === "object" && inner !== null) object = inner as Record<string, unknown>;
        else object = (object[name] = Object.create(null)) as Record<string, unknown>;
      }
      object[path[path.length - 1] ?? ""] = read(s, v, at);
    }
    if ("namespace" in root) root["pod_namespace"] = root["namespace"];
    return root;
  };
  const evaluate = (s: Uint8Array, v: DataView, at: number): unknown => parsed(values(s, v, at));
  const zeros = new Uint8Array(size);
  try {
    const result = evaluate(zeros, new DataView(zeros.buffer), 0);
    if (typeof result !== "boolean") throw new TypeError("it is not a condition");
  } catch (error) {
    // Divisions by a field and the like fail for zeros only.
    if (!/divi|modulo|overflow|range|index/i.test(String(error))) {
      throw badFilter(text, error);
    }
  }
  return (s, v, at) => {
    try {
      return evaluate(s, v, at) === true;
    } catch {
      // An error of a record is not a match, as in CEL's users.
      return false;
    }
  };
}

/** Returns the error for an expression, with the library's first line and the place in the text. */
export function badFilter(text: string, error: unknown): RecordsError {
  const message = error instanceof Error ? error.message : String(error);
  const reason = (message.split("\n")[0] ?? "").replace(
    /^Unexpected token: EOF$|^(.*, got) EOF$/,
    (_, start) => start === undefined ? "it ends too early" : `${start} the end`,
  ).slice(0, 300);
  const place = placeOf(error, text);
  const at = place === undefined ? "" : ` at character ${place}`;
  return new RecordsError(`Cannot filter by "${text}": ${reason}${at}`, {
    code: "BAD_FILTER",
    hint: reason === "Unexpected character: ="
      ? "compare with ==: pid == 1"
      : 'write CEL, such as pid == 1 && comm.startsWith("ba")',
    cause: error,
  });
}

/** Returns the place of an error of the library, in characters from 1 on. */
function placeOf(error: unknown, text: string): number | undefined {
  if (!(error instanceof Error) || !("range" in error)) return undefined;
  const { range } = error;
  if (typeof range !== "object" || range === null || !("start" in range)) return undefined;
  const { start } = range;
  return typeof start === "number" ? [...text.slice(0, start)].length + 1 : undefined;
}

/** Integers as they are, everything else as JSON shows it. */
function valueReader(field: Field, library: Library): ValueReader {
  const { type } = field;
  const isNumber = type.kind === "int" || type.kind === "float" || type.kind === "enum";
  const plainFormats = /^(time|ns|us|ms|s|size|hex|addr|oct|uid|gid|dec)$/;
  const shown = isNumber && plainFormats.test(field.format.name)
    ? { ...field, path: ["v"], format: { name: "dec" } as const }
    : { ...field, path: ["v"] };
  const { write, max } = jsonRow([shown], { times: new Times(), resolvers: {}, exact: true });
  const bytes = new Uint8Array(max);
  const decoder = new TextDecoder();
  return (s, v, at) => {
    const end = write(bytes, 0, s, v, at);
    const json = decoder.decode(bytes.subarray(5, end - 1));
    if (type.kind === "float" && /^-?\d/.test(json)) return Number(json);
    if (/^-?\d+$/.test(json)) return integer(BigInt(json), library);
    const value: unknown = JSON.parse(json);
    // 128 bits do not fit CEL's integers.
    if (type.kind === "int" && type.bytes === 16 && typeof value === "string") return value;
    return converted(value, library);
  };
}

function integer(value: bigint, { UnsignedInt }: Library): unknown {
  return value > 0x7fff_ffff_ffff_ffffn ? new UnsignedInt(value) : value;
}

function converted(value: unknown, library: Library): unknown {
  if (Array.isArray(value)) return value.map((each) => converted(each, library));
  if (typeof value === "number" && Number.isInteger(value)) return integer(BigInt(value), library);
  return value;
}
