/** Forms of global variables: single values, arrays, and histograms. */
import { type Btf, resolve } from "../btf/mod.ts";

/** Form of a variable. */
export type VariableShape =
  /** Numbers, texts, and structs. */
  | { readonly kind: "single" }
  /** Elements of one type. */
  | { readonly kind: "array"; readonly element: number; readonly length: number }
  /** Struct with slots of a histogram. */
  | { readonly kind: "histogram" }
  /** Pointers, and types that have no value. */
  | { readonly kind: "none" };

/** Members that hold the slots of a histogram. */
const SLOTS = /^slots$|hist/i;

/** Returns the form of a variable. */
export function variableShape(btf: Btf, id: number): VariableShape {
  const { type } = resolve(btf, id);
  switch (type.kind) {
    case "int":
    case "enum":
    case "float":
      return { kind: "single" };
    case "array": {
      const element = resolve(btf, type.type).type;
      if (type.length === 0 || element.kind === "ptr") return { kind: "none" };
      const isText = element.kind === "int" && element.bytes === 1;
      if (isText || type.length === 1) return { kind: "single" };
      return { kind: "array", element: type.type, length: type.length };
    }
    case "struct":
      return type.members.some((member) =>
          SLOTS.test(member.name) && resolve(btf, member.type).type.kind === "array"
        )
        ? { kind: "histogram" }
        : { kind: "single" };
    default:
      return { kind: "none" };
  }
}
