/** `--filter`: a condition in CEL, the Common Expression Language. */
import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";
import { unknownField } from "../errors.ts";
import { findFields } from "../fields.ts";
import type { Filter, Predicate } from "../output_options.ts";
import type { Field, Schema } from "../schema.ts";
import { compileNode, NotCompiled } from "./compile.ts";
import { type Clock, NO_CLOCK } from "../text/times.ts";
import { badFilter, evaluated, type Library, neededNames, variablesOf } from "./evaluate.ts";

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
  const { parse, UnsignedInt, Duration } = await import("@marcbachmann/cel-js/evaluator");
  const parsed = (() => {
    try {
      return parse(text);
    } catch (error) {
      throw badFilter(text, error);
    }
  })();
  // Bounds the nesting of what follows.
  variablesOf(parsed.ast, text);
  return {
    text,
    compile: (schema, source, clock = NO_CLOCK): Predicate => {
      const evaluate = (part: ParseResult) =>
        testOf(part, { schema, source, clock, text, library: { UnsignedInt, Duration } });
      try {
        return compileNode(parsed.ast, {
          find: (name) => fieldOf(schema, name, source),
          clock,
          evaluate: (node) => evaluate(partOf(node, parse)),
        }, text);
      } catch (error) {
        if (!(error instanceof NotCompiled)) throw error;
      }
      return evaluate(parsed);
    },
  };
}

/** Returns a part of an expression by itself, with the places that it has in the whole. */
function partOf({ input, start, end }: ASTNode, parse: (text: string) => ParseResult): ParseResult {
  try {
    return parse(" ".repeat(start) + input.slice(start, end));
  } catch {
    // Parentheses are not in the range of what they hold.
    throw new NotCompiled();
  }
}

/** Returns the test that the library makes of an expression. */
function testOf(
  parsed: ParseResult,
  { schema, source, clock, text, library }: {
    readonly schema: Schema;
    readonly source: string;
    readonly clock: Clock;
    readonly text: string;
    readonly library: Library;
  },
): Predicate {
  const variables = variablesOf(parsed.ast, text);
  const fields = new Set<Field>();
  // A name that is misspelled in a part that is rarely evaluated would never match.
  for (const name of neededNames(parsed.ast, variables)) {
    if (variableFields(schema, name).length > 0) continue;
    throw unknownField(name, schema.fields.map((field) => field.name), source);
  }
  for (const name of variables) {
    for (const field of variableFields(schema, name)) fields.add(field);
  }
  try {
    return evaluated(parsed, [...fields], { size: schema.size, text, library, clock });
  } catch (error) {
    const name = unknownName(error, variables);
    if (name === undefined) throw error;
    throw unknownField(name, schema.fields.map((field) => field.name), source);
  }
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

/** Returns the variable that an error of the library names as unknown. */
function unknownName(error: unknown, variables: ReadonlySet<string>): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = cause instanceof Error ? cause.message : "";
  const [, name] = /^(?:unknown variable|no such key):? (\S+)/i.exec(text) ?? [];
  if (name === undefined || variables.has(name)) return name;
  // A part of a dotted name: the library stops at the first that is missing.
  const whole = [...variables].find((each) => each.split(".").includes(name));
  return whole?.split(".")[0] === name ? name : whole;
}
