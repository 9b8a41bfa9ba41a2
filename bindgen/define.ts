/** The order in which every language's file has its definitions. */
import type { EnumType, Model, RecordType, Type } from "./model.ts";

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
