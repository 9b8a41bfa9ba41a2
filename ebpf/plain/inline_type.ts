/** Types of records that are written on the command line: members of a C struct. */
import type { Btf } from "../btf/btf.ts";
import { C_INTEGERS } from "../btf/layout.ts";
import { HostError } from "../../ffi/errors.ts";
import { BtfWriter, type NewMember } from "./btf_writer.ts";

/** A type of records, in the BTF that has it. */
export interface TypeAt {
  readonly btf: Btf;
  readonly id: number;
}

const INTEGERS: typeof C_INTEGERS = {
  ...C_INTEGERS,
  "dev_t": [4, false],
  "ino_t": [8, false],
  "loff_t": [8, true],
};
const FIXED = /^(?:__)?(?:(u|s)(8|16|32|64)|(u?)int(8|16|32|64)_t|(be|le)(16|32|64))$/;

const TOKEN = /\s*([A-Za-z_]\w*|0x[\da-fA-F]+|\d+|[{}[\];:,*])/y;
const MAX_TEXT = 1 << 16;
const MAX_NESTED = 16;
const MAX_BYTES = 1 << 22;

/**
 * Reads `{int pid; u64 ns; char comm[16];}`, with `packed` before or after it for no padding.
 *
 * @throws {HostError} `BAD_TYPE`
 */
export function inlineType(text: string, name = "event"): TypeAt {
  const isPacked = /^\s*packed\b|\bpacked\s*;?\s*$/.test(text);
  const body = text.replace(/^\s*packed\b|\bpacked\s*;?\s*$/g, "");
  return new Parser(body, isPacked).parse(name);
}

interface Sized {
  readonly id: number;
  readonly bytes: number;
  readonly align: number;
}

class Parser {
  readonly #tokens: string[];
  readonly #isPacked: boolean;
  readonly #writer = new BtfWriter();
  readonly #text: string;
  #at = 0;

  constructor(text: string, isPacked: boolean) {
    this.#text = text;
    this.#isPacked = isPacked;
    this.#tokens = tokensOf(text);
  }

  parse(name: string): TypeAt {
    if (this.#peek() === "struct") this.#at++;
    const named = /^[A-Za-z_]/.test(this.#peek()) ? this.#next() : name;
    const { id } = this.#record("struct", named, 0);
    if (this.#peek() === ";") this.#at++;
    if (this.#at < this.#tokens.length) throw this.#bad(`"${this.#peek()}" follows the end`);
    return { btf: this.#writer.finish(), id };
  }

  #record(kind: "struct" | "union", name: string, depth: number): Sized {
    if (depth > MAX_NESTED) throw this.#bad("it is nested too deep");
    this.#must("{");
    const members: NewMember[] = [];
    let end = 0, bits = 0, align = 1;
    while (this.#peek() !== "}") {
      const base = this.#type(depth);
      if (this.#peek() === ";") {
        // An anonymous struct or union.
        this.#at++;
        const place = kind === "union" ? 0 : this.#aligned(Math.ceil(bits / 8), base.align);
        members.push({ name: "", type: base.id, bitOffset: place * 8 });
        if (kind === "struct") bits = (place + base.bytes) * 8;
        end = Math.max(end, place + base.bytes);
        align = Math.max(align, base.align);
        continue;
      }
      for (;;) {
        const { name: member, type, width } = this.#declarator(base);
        if (width === undefined) {
          const place = kind === "union" ? 0 : this.#aligned(Math.ceil(bits / 8), type.align);
          members.push({ name: member, type: type.id, bitOffset: place * 8 });
          if (kind === "struct") bits = (place + type.bytes) * 8;
          end = Math.max(end, place + type.bytes);
        } else {
          const unit = type.bytes * 8;
          // A bit-field does not cross a unit of its type.
          const fits = width > 0 &&
            Math.floor(bits / unit) === Math.floor((bits + width - 1) / unit);
          const start = kind === "union"
            ? 0
            : fits || this.#isPacked
            ? bits
            : Math.ceil(bits / unit) * unit;
          if (width > 0) {
            members.push({ name: member, type: type.id, bitOffset: start, bits: width });
          }
          if (kind === "struct") bits = start + width;
          end = Math.max(end, Math.ceil((start + width) / 8));
        }
        align = Math.max(align, type.align);
        if (this.#peek() !== ",") break;
        this.#at++;
      }
      this.#must(";");
      if (end > MAX_BYTES) throw this.#bad("it is larger than 4 MiB");
    }
    this.#must("}");
    const total = this.#aligned(end, align);
    if (total === 0) throw this.#bad("it has no members");
    const id = this.#writer.record(kind, name, total, members);
    return { id, bytes: total, align: this.#isPacked ? 1 : align };
  }

  #aligned(offset: number, align: number): number {
    return this.#isPacked ? offset : Math.ceil(offset / align) * align;
  }

  #type(depth: number): Sized {
    const words: string[] = [];
    while (/^[A-Za-z_]/.test(this.#peek())) {
      const word = this.#peek();
      if (word === "const" || word === "volatile") {
        this.#at++;
        continue;
      }
      if (word === "struct" || word === "union") {
        this.#at++;
        const name = /^[A-Za-z_]/.test(this.#peek()) ? this.#next() : "";
        if (this.#peek() === "{") return this.#record(word, name, depth + 1);
        // Behind a pointer only.
        if (this.#peek() === "*") return { id: 0, bytes: 0, align: 1 };
        throw this.#bad(`"${word} ${name}" has no members here`);
      }
      const joined = [...words, word].join(" ");
      const isType = INTEGERS[normal(joined)] !== undefined || FIXED.test(joined) ||
        ["bool", "_Bool", "float", "double", "void", "enum"].includes(joined);
      const isPart = /^(unsigned|signed|long|short|int|char|__int128)$/.test(word);
      if (words.length > 0 && !(isPart && isType)) break;
      words.push(word);
      this.#at++;
      if (!isPart) break;
    }
    return this.#simple(words.join(" "));
  }

  #simple(text: string): Sized {
    const writer = this.#writer;
    if (text === "void") return { id: 0, bytes: 0, align: 1 };
    if (text === "bool" || text === "_Bool") {
      return { id: writer.int("_Bool", 1, "bool"), bytes: 1, align: 1 };
    }
    if (text === "float") return { id: writer.float(text, 4), bytes: 4, align: 4 };
    if (text === "double") return { id: writer.float(text, 8), bytes: 8, align: 8 };
    const fixed = FIXED.exec(text);
    if (fixed !== null) {
      const bytes = Number(fixed[2] ?? fixed[4] ?? fixed[6]) / 8;
      const isSigned = fixed[1] === "s" || (fixed[4] !== undefined && fixed[3] === "");
      const id = writer.int(
        isSigned ? `s${bytes * 8}` : `u${bytes * 8}`,
        bytes,
        isSigned ? "signed" : "unsigned",
      );
      const named = fixed[5] === undefined ? id : writer.typedef(`__${fixed[5]}${bytes * 8}`, id);
      return { id: named, bytes, align: bytes };
    }
    const known = INTEGERS[normal(text)];
    if (known === undefined) {
      throw this.#bad(text === "" ? `"${this.#peek()}" is not a type` : `unknown type "${text}"`);
    }
    const [bytes, isSigned] = known;
    const id = writer.int(normal(text), bytes, isSigned ? "signed" : "unsigned");
    return { id, bytes, align: bytes };
  }

  #declarator(base: Sized): { name: string; type: Sized; width: number | undefined } {
    let type = base;
    while (this.#peek() === "*") {
      this.#at++;
      type = { id: this.#writer.pointer(type.id), bytes: 8, align: 8 };
    }
    if (this.#peek() === ":") return { name: "", type, width: this.#width(type) };
    const name = this.#next();
    if (!/^[A-Za-z_]/.test(name)) throw this.#bad(`"${name}" is not a name`);
    if (this.#peek() === ":") return { name, type, width: this.#width(type) };
    const lengths: number[] = [];
    while (this.#peek() === "[") {
      this.#at++;
      const isFlexible = lengths.length === 0 && this.#peek() === "]";
      lengths.push(isFlexible ? 0 : this.#number());
      this.#must("]");
    }
    for (const length of lengths.reverse()) {
      const bytes = type.bytes * length;
      if (bytes > MAX_BYTES) throw this.#bad("it is larger than 4 MiB");
      type = { id: this.#writer.array(type.id, length), bytes, align: type.align };
    }
    if (type.bytes === 0 && lengths.length === 0) throw this.#bad(`"${name}" has no size`);
    return { name, type, width: undefined };
  }

  #width(type: Sized): number {
    this.#must(":");
    const width = this.#number();
    if (width > type.bytes * 8) throw this.#bad(`${width} bits do not fit the type`);
    return width;
  }

  #number(): number {
    const token = this.#next();
    const value = Number(token);
    if (!/^\d/.test(token) || !Number.isSafeInteger(value)) {
      throw this.#bad(`"${token}" is not a number`);
    }
    return value;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? "";
  }

  #must(token: string): void {
    const found = this.#next();
    if (found !== token) {
      throw this.#bad(`"${token}" is missing${found === "" ? "" : ` before "${found}"`}`);
    }
  }

  #bad(reason: string): HostError {
    const shown = this.#text.length > 80 ? `${this.#text.slice(0, 80)}…` : this.#text;
    return badType(shown, reason);
  }
}

function badType(text: string, reason: string): HostError {
  return new HostError(`Cannot read the type "${text}": ${reason}`, {
    code: "BAD_TYPE",
    hint: "write the members as in C, such as '{int pid; u64 ns; char comm[16];}'",
  });
}

function tokensOf(text: string): string[] {
  if (text.length > MAX_TEXT) throw badType(`${text.slice(0, 40)}…`, "it is longer than 64 KiB");
  const clean = text.replaceAll(/\/\/[^\n]*|\/\*[^]*?\*\//g, " ").trimEnd();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < clean.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(clean);
    if (match === null) {
      throw badType(text.slice(0, 80), `"${clean.slice(at, at + 10).trim()}" is not C`);
    }
    tokens.push(match[1] ?? "");
  }
  return tokens;
}

/** Brings the words of an integer type into one order: `long unsigned int` is `unsigned long`. */
function normal(text: string): string {
  const words = text.split(" ");
  if (words.length === 1) return text;
  const isUnsigned = words.includes("unsigned");
  const rest = words.filter((word) => !["unsigned", "signed"].includes(word));
  const base = rest.length > 1 ? rest.filter((word) => word !== "int") : rest;
  const name = base.join(" ") || "int";
  return isUnsigned
    ? `unsigned ${name}`
    : name === "char" && words.includes("signed")
    ? "signed char"
    : name;
}
