/** Values of JSON and YAML whose types are not known. */

/** Returns an object's members; none for another value. */
export function record(value: unknown): Record<string, unknown> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? Object.assign(Object.create(null), value) : {};
}

/** Returns a list's elements; none for another value. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns a text; undefined for another value. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Returns a number that is whole and not negative; undefined for another value. */
export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
