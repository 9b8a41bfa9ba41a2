/** Base of every emitter: text within a limit, the order of definitions, and the header. */
import { BtfError } from "../errors.ts";
import type { EnumType, Model, RecordType, Type } from "../model.ts";

/** The kernel's whole BTF has 11 MiB as C, and 20 as AssemblyScript, in 0.9 million lines. */
const MAX_CHARACTERS = 48 << 20;
const MAX_LINES = 2 << 20;

/** Gathers lines. */
export class Output {
  readonly #lines: string[] = [];
  #characters = 0;

  /**
   * Adds lines.
   *
   * @throws {BtfError} when the text gets too long, as hostile BTF can make it
   */
  line(...lines: string[]): void {
    for (const line of lines) {
      this.#characters += line.length + 1;
      if (this.#characters > MAX_CHARACTERS || this.#lines.length > MAX_LINES) {
        throw new BtfError("its output would exceed 48 MiB");
      }
      this.#lines.push(line);
    }
  }

  /** The whole text; ends with a line feed. */
  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

/** Writes one definition each. */
export interface Definitions {
  /** A struct or union; `globals` is the section of which it has the variables. */
  record(record: RecordType, globals?: string): void;
  /** An enumeration. */
  enum(type: EnumType): void;
  /** Another name for a type. */
  alias(name: string, of: Type): void;
}

/** Defines all types, and then the globals of each section as a struct. */
export function defineAll({ types, globals }: Model, definitions: Definitions): void {
  for (const type of types) {
    if (type.kind === "record") definitions.record(type);
    else if (type.kind === "enum") definitions.enum(type);
    else definitions.alias(type.name, type.of);
  }
  for (const { section, record } of globals) definitions.record(record, section);
}

/** Input of an emitter in addition to the types. */
export interface EmitContext {
  /** Lines of the comment that every file begins with. */
  readonly header: readonly string[];
  /** The object's name, as an identifier. */
  readonly name: string;
  /** Of a Go file. */
  readonly goPackage: string;
  /** A marker trait that Rust's types implement; "" for none. */
  readonly rustTrait: string;
}
