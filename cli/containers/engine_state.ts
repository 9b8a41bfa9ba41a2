/**
 * State of engines: names, and JSON in files of the host. The files are not trusted: sizes are bounded,
 * and wrong types left out.
 */

/** Names of a container. */
export interface ContainerNames {
  readonly container: string;
  /** Name of its pod; empty without one. */
  readonly pod: string;
  /** Namespace of its pod; empty without one. */
  readonly namespace: string;
}

/** Reads a file of the host; undefined for one that is missing or too large. */
export type ReadFile = (path: string, maxBytes: number) => Uint8Array | undefined;

/** Bound of a container's own state. */
export const MAX_STATE_BYTES = 1 << 20;

/** Returns the value in a file; undefined for a file that is missing or not JSON. */
export function readJson(read: ReadFile, path: string, maxBytes = MAX_STATE_BYTES): unknown {
  const bytes = read(path, maxBytes);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Being written.
    return undefined;
  }
}

/** Returns a member of an object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Returns a member that is a text, and not empty. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = memberOf(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
