/** `--filter`: a condition in CEL, the Common Expression Language. */
import { unknownField } from "../errors.ts";
import { findFields } from "../fields.ts";
import type { Filter, Predicate } from "../output_options.ts";
import type { Field, Schema } from "../schema.ts";
import { compileNode, NotCompiled } from "./compile.ts";
import { badFilter, evaluated, variablesOf } from "./evaluate.ts";

/** Longest expression. */
const MAX_CHARACTERS = 16_384;

/**
 * Parses an expression such as `pid == 1 && comm.startsWith("ba")`. Loads the parser when it is called
 * for the first time.
 *
 * @throws {RecordsError} `BAD_FILTER` for a wrong one
 */
export async function loadFilter(text: string): Promise<Filter> {
  if (text.length > MAX_CHARACTERS) throw badFilter(`${text.slice(0, 40)}…`, "it is too long");
  const { parse, UnsignedInt } = await import("@marcbachmann/cel-js/evaluator");
  const parsed = (() => {
    try {
      return parse(text);
    } catch (error) {
      throw badFilter(text, error);
    }
  })();
  const variables = variablesOf(parsed.ast, text);
  return {
    text,
    compile: (schema, source): Predicate => {
      try {
        return compileNode(parsed.ast, (name) => fieldOf(schema, name, source), text);
      } catch (error) {
        if (!(error instanceof NotCompiled)) throw error;
      }
      const fields = new Set<Field>();
      for (const name of variables) {
        for (const field of variableFields(schema, name)) fields.add(field);
      }
      const unsigned = (value: bigint) => new UnsignedInt(value);
      try {
        return evaluated(parsed, [...fields], { size: schema.size, text, unsigned });
      } catch (error) {
        for (const name of variables) {
          if (isUnknown(error, name)) {
            throw unknownField(name, schema.fields.map((field) => field.name), source);
          }
        }
        throw error;
      }
    },
  };
}

/** `namespace` is reserved in CEL, so that field has another name there. */
function plainName(schema: Schema, name: string): string {
  const has = schema.fields.some((field) => field.name === name);
  return !has && name === "pod_namespace" ? "namespace" : name;
}

function fieldOf(schema: Schema, name: string, source: string): Field {
  const [field, more] = findFields(schema, plainName(schema, name), source);
  if (field === undefined || more !== undefined) throw new NotCompiled();
  return field;
}

/** Fields that a variable needs: itself, or all of its struct. */
function variableFields(schema: Schema, name: string): readonly Field[] {
  try {
    return findFields(schema, plainName(schema, name), schema.name);
  } catch {
    // A variable of a macro, or the start of a longer name.
    const parts = name.split(".");
    return parts.length > 1 ? variableFields(schema, parts.slice(0, -1).join(".")) : [];
  }
}

function isUnknown(error: unknown, name: string): boolean {
  const [root = ""] = name.split(".");
  return error instanceof Error && /unknown variable|no such key/i.test(error.message) &&
    error.message.includes(root);
}
