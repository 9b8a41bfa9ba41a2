/** Fields of tables that are computed from others: `COMPUTED(100 * hits / (hits + misses))`. */
import { RecordsError, unknownField } from "./errors.ts";
import { numberReader } from "./order.ts";
import type { Field, Schema } from "./schema.ts";

/** Longest formula; also bounds its parentheses. */
const MAX_FORMULA = 256;

/** Returns the value of a formula, or a part of it, for the row at an offset. */
type Formula = (s: Uint8Array, v: DataView, at: number) => number;

/** Computes the fields of one row, in place. */
export type Computation = (s: Uint8Array, v: DataView, at: number) => void;

/**
 * Returns the computation of a schema's computed fields, in their order; undefined if it has none.
 * Results are whole numbers: rounded down, 0 where they are negative or a division is by zero.
 *
 * @throws {RecordsError} `BAD_ANNOTATION` for an invalid formula, or a computed field that is not an
 * integer; `UNKNOWN_FIELD`
 */
export function computationOf(schema: Schema): Computation | undefined {
  const steps = schema.fields.filter(({ computed }) => computed !== undefined).map((field) => {
    const formula = new Parser(field.computed ?? "", schema).parse();
    return { formula, write: writerOf(field) };
  });
  if (steps.length === 0) return undefined;
  return (s, v, at) => {
    for (const { formula, write } of steps) {
      const value = Math.floor(formula(s, v, at));
      write(v, at, Number.isFinite(value) && value > 0 ? value : 0);
    }
  };
}

function writerOf(field: Field): (v: DataView, at: number, value: number) => void {
  const { type, offset, bitSize, computed = "" } = field;
  if (type.kind === "int" && bitSize === undefined) {
    if (type.bytes === 8) {
      return (v, at, value) => v.setBigUint64(at + offset, BigInt.asUintN(64, BigInt(value)), true);
    }
    if (type.bytes === 4) {
      return (v, at, value) => v.setUint32(at + offset, Math.min(value, 0xffffffff), true);
    }
  }
  throw invalid(computed, `field "${field.name}" is not an integer of 4 or 8 bytes`);
}

function invalid(formula: string, reason: string): RecordsError {
  return new RecordsError(`Cannot compute "${formula.slice(0, MAX_FORMULA)}": ${reason}`, {
    code: "BAD_ANNOTATION",
    hint: "use names of fields, whole numbers, + - * / and parentheses",
  });
}

/** Parser of one formula: products before sums, from left to right. */
class Parser {
  readonly #text: string;
  readonly #schema: Schema;
  readonly #words: string[];

  constructor(text: string, schema: Schema) {
    if (text.length > MAX_FORMULA) throw invalid(text, `longer than ${MAX_FORMULA} characters`);
    this.#text = text;
    this.#schema = schema;
    this.#words = text.match(/[A-Za-z_][\w.]*|\d+|\S/g) ?? [];
  }

  parse(): Formula {
    const formula = this.#sum();
    const [rest] = this.#words;
    if (rest !== undefined) throw invalid(this.#text, `unexpected "${rest}"`);
    return formula;
  }

  #take(...words: string[]): string | undefined {
    const [word] = this.#words;
    return word !== undefined && words.includes(word) ? this.#words.shift() : undefined;
  }

  #sum(): Formula {
    let left = this.#product();
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) {
      const [before, after] = [left, this.#product()];
      left = sign === "+"
        ? (s, v, at) => before(s, v, at) + after(s, v, at)
        : (s, v, at) => before(s, v, at) - after(s, v, at);
    }
    return left;
  }

  #product(): Formula {
    let left = this.#factor();
    for (let sign = this.#take("*", "/"); sign !== undefined; sign = this.#take("*", "/")) {
      const [before, after] = [left, this.#factor()];
      left = sign === "*"
        ? (s, v, at) => before(s, v, at) * after(s, v, at)
        : (s, v, at) => before(s, v, at) / after(s, v, at);
    }
    return left;
  }

  #factor(): Formula {
    const word = this.#words.shift();
    if (word === "(") {
      const inner = this.#sum();
      if (this.#take(")") === undefined) throw invalid(this.#text, 'a ")" is missing');
      return inner;
    }
    if (word !== undefined && /^\d/.test(word)) {
      const value = Number(word);
      return () => value;
    }
    if (word === undefined || !/^[A-Za-z_]/.test(word)) {
      throw invalid(this.#text, `a name or number is missing${word ? ` before "${word}"` : ""}`);
    }
    return this.#field(word);
  }

  #field(name: string): Formula {
    const field = this.#schema.fields.find((one) => one.name === name);
    if (field === undefined) {
      throw unknownField(name, this.#schema.fields.map((one) => one.name), this.#schema.name);
    }
    const reader = numberReader(field);
    if (reader === undefined) throw invalid(this.#text, `field "${name}" is not a number`);
    return reader.exact ? reader.number : (s, v, at) => Number(reader.big(s, v, at));
  }
}
