/** Advice for records without a type. */
import type { EventTypes } from "../../ebpf/plain/mod.ts";

/** Returns one line: what is known, and the ways to name the type. */
export function adviceFor(map: string, { sizes, candidates }: EventTypes): string {
  const size = sizes.length === 0 ? "" : ` of ${sizes.join(" or ")} bytes`;
  const fitting = candidates.length === 0
    ? ""
    : ` (structs of that size: ${candidates.join(", ")})`;
  return `note: map "${map}": the object does not say what its records${size} are${fitting}: ` +
    `pass --event ${map}=TYPE, compile it with -g and without strip, or declare ` +
    "__type(value, struct TYPE) in the map";
}
