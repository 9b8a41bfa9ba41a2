/** C notation of types, for comments and messages. */
import type { Btf } from "../ebpf/btf/mod.ts";

/** Deeper types are shown as "…". */
const MAX_DEPTH = 8;

/** The name without what could end a comment or steer a terminal. */
export function plain(name: string): string {
  return name.replace(/[^\w.$]/g, "_");
}

/**
 * Returns the approximate C notation of a type: without qualifiers, and with one form for all
 * functions.
 */
export function describe(btf: Btf, id: number, depth = 0): string {
  if (depth > MAX_DEPTH) return "…";
  const type = btf.type(id);
  const inner = (other: number) => describe(btf, other, depth + 1);
  switch (type.kind) {
    case "void":
      return "void";
    case "ptr": {
      const to = inner(type.type);
      return to.endsWith("*") ? `${to}*` : `${to} *`;
    }
    case "array":
      return `${inner(type.type)}[${type.length}]`;
    case "struct":
    case "union":
    case "enum":
      return type.name === "" ? `${type.kind} { … }` : `${type.kind} ${plain(type.name)}`;
    case "fwd":
      return `${type.of} ${plain(type.name)}`;
    case "modifier":
    case "tag":
      return inner(type.type);
    case "func":
    case "proto":
      return "function";
    default:
      return plain(type.name);
  }
}
