/** Names for what C leaves without, in languages where every type has one: `event_addr` of `event.addr`. */
import { dimensions } from "./lower.ts";
import type { EnumType, Model, RecordType, Type } from "./model.ts";
import { Names } from "./names.ts";

/** Names of types in a language. */
export class TypeNames {
  readonly #names = new Map<RecordType | EnumType, string>();
  readonly #scope: Names;
  readonly #style: (name: string) => string;

  /**
   * Names all types of a model, anonymous ones after their first use.
   *
   * @param scope of the language's types
   * @param style how the language writes a type's name
   */
  constructor(model: Model, scope: Names, style: (name: string) => string) {
    this.#scope = scope;
    this.#style = style;
    for (const type of model.types) {
      if (type.kind !== "alias" && type.name !== "") this.#claim(type, type.name);
    }
    for (const type of model.types) {
      if (type.kind === "record" && type.name !== "") this.#nameInner(type, type.name);
    }
    for (const { record } of model.globals) {
      this.#claim(record, record.name);
      this.#nameInner(record, record.name);
    }
  }

  #claim(type: RecordType | EnumType, name: string): void {
    if (!this.#names.has(type)) this.#names.set(type, this.#scope.claim(this.#style(name)));
  }

  #nameInner(record: RecordType, name: string): void {
    let anonymous = 0;
    for (const member of record.members) {
      const type = innermost(member.type);
      if (type.kind !== "record" && type.kind !== "enum") continue;
      if (type.name !== "" || this.#names.has(type)) continue;
      const inner = `${name}_${member.name || `anon${++anonymous}`}`;
      this.#claim(type, inner);
      if (type.kind === "record") this.#nameInner(type, inner);
    }
  }

  /** The name of a type; undefined for one that nothing named uses. */
  of(type: RecordType | EnumType): string | undefined {
    return this.#names.get(type);
  }
}

/** An array's element, or the type itself. */
export function innermost(type: Type): Exclude<Type, { kind: "array" }> {
  return type.kind === "array" ? dimensions(type).of : type;
}
