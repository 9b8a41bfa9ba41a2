/** Compares a value with a schema, and names the first difference. */
import { nearest } from "../../ffi/nearest.ts";
import type { Schema } from "./up_schema.ts";

/** Difference between a value and its schema. */
export interface Mismatch {
  /** Keys and indices that lead to the value. */
  readonly path: readonly (string | number)[];
  /** Lower case, without a full stop. */
  readonly reason: string;
  readonly hint?: string;
}

/** Returns the first mismatch; undefined if the value fits. */
export function mismatch(
  value: unknown,
  schema: Schema,
  path: readonly (string | number)[] = [],
): Mismatch | undefined {
  const { type, anyOf, pattern } = schema;
  if (anyOf !== undefined) {
    if (anyOf.some((one) => mismatch(value, one, path) === undefined)) return undefined;
    return { path, reason: `not ${anyOf.map((one) => typeName(one.type)).join(" or ")}` };
  }
  if (type !== undefined && !isOf(value, type)) return { path, reason: `not ${typeName(type)}` };
  if (typeof value === "string") {
    if (pattern === undefined || new RegExp(pattern, "s").test(value)) return undefined;
    const { description } = schema;
    return {
      path,
      reason: "invalid value",
      ...(description === undefined ? {} : { hint: description }),
    };
  }
  if (Array.isArray(value)) return itemMismatch(value, schema, path);
  return typeof value === "object" && value !== null
    ? memberMismatch(value as Readonly<Record<string, unknown>>, schema, path)
    : undefined;
}

function itemMismatch(
  value: readonly unknown[],
  { items, maxItems = Infinity }: Schema,
  path: readonly (string | number)[],
): Mismatch | undefined {
  if (value.length > maxItems) return { path, reason: `more than ${maxItems} entries` };
  for (const [i, one] of value.entries()) {
    const found = items && mismatch(one, items, [...path, i]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function memberMismatch(
  value: Readonly<Record<string, unknown>>,
  { properties = {}, required = [] }: Schema,
  path: readonly (string | number)[],
): Mismatch | undefined {
  for (const [name, one] of Object.entries(value)) {
    const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (member === undefined) {
      const close = nearest(name, Object.keys(properties));
      return {
        path: [...path, name],
        reason: "unknown name",
        hint: close === undefined
          ? `known names: ${Object.keys(properties).slice(0, 12).join(", ")}`
          : `did you mean ${close}?`,
      };
    }
    const found = mismatch(one, member, [...path, name]);
    if (found !== undefined) return found;
  }
  const missing = required.find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? undefined : { path, reason: `missing "${missing}"` };
}

function isOf(value: unknown, type: NonNullable<Schema["type"]>): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    default:
      return typeof value === "boolean";
  }
}

function typeName(type: Schema["type"]): string {
  switch (type) {
    case "object":
      return "a mapping";
    case "array":
      return "a list";
    case "boolean":
      return "true or false";
    case "integer":
      return "a whole number";
    default:
      return `a ${type ?? "value"}`;
  }
}
