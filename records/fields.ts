/** Choice of fields: `--fields a,b,+c,-d` and `--as FIELD=FORMAT`. */
import { RecordsError, unknownField } from "./errors.ts";
import { type Format, parseFormat } from "./format.ts";
import type { Field, Schema } from "./schema.ts";

/** Fields shown: a list, or changes of the default. */
export interface FieldChoice {
  /** Fields in order; undefined for the default. */
  readonly only?: readonly string[];
  /** Fields shown in addition. */
  readonly add: readonly string[];
  /** Fields not shown. */
  readonly remove: readonly string[];
}

/**
 * Reads `a,b`, `+c` and `-d`, in any mixture.
 *
 * @throws {RecordsError} `BAD_RECORDS` for an empty name
 */
export function parseFields(text: string): FieldChoice {
  const only: string[] = [];
  const add: string[] = [];
  const remove: string[] = [];
  for (const word of text.split(",").map((each) => each.trim())) {
    const name = word.replace(/^[+-]/, "");
    if (name === "") {
      throw new RecordsError(`Cannot use fields "${text}": a name is empty`, {
        code: "BAD_RECORDS",
        hint: "write names with commas: pid,comm; +NAME adds one, -NAME removes one",
      });
    }
    (word.startsWith("+") ? add : word.startsWith("-") ? remove : only).push(name);
  }
  return only.length > 0 ? { only, add, remove } : { add, remove };
}

/**
 * Reads `FIELD=FORMAT,FIELD=FORMAT`.
 *
 * @throws {RecordsError} `BAD_FORMAT`
 */
export function parseFormats(text: string): { field: string; format: Format }[] {
  // A format may have a comma, as in duration,us.
  return text.split(/,(?=[^,=]+=)/).map(parseAs);
}

/**
 * Reads `FIELD=FORMAT`.
 *
 * @throws {RecordsError} `BAD_FORMAT`
 */
export function parseAs(text: string): { field: string; format: Format } {
  const equals = text.indexOf("=");
  if (equals <= 0) {
    throw new RecordsError(`Cannot use "${text}": not FIELD=FORMAT`, {
      code: "BAD_FORMAT",
      hint: "write it like saddr=ipv4",
    });
  }
  return { field: text.slice(0, equals).trim(), format: parseFormat(text.slice(equals + 1)) };
}

/**
 * Returns the fields with a name, or in the struct with that name.
 *
 * @throws {RecordsError} `UNKNOWN_FIELD`
 */
export function findFields(schema: Schema, name: string, source: string): readonly Field[] {
  const wanted = name.toLowerCase();
  const exact = schema.fields.filter((field) => field.name === name);
  if (exact.length > 0) return exact;
  const close = schema.fields.filter((field) => {
    const known = field.name.toLowerCase();
    return known === wanted || known.startsWith(`${wanted}.`);
  });
  if (close.length > 0) return close;
  // The last part of a dotted name is its title.
  const tails = schema.fields.filter(({ path }) => path[path.length - 1]?.toLowerCase() === wanted);
  if (tails.length === 1) return tails;
  // Of several, the one whose title tables show.
  const titled = tails.filter(({ hidden, shownIn }) => hidden !== true && shownIn !== "json");
  if (titled.length === 1) return titled;
  throw unknownField(name, schema.fields.map((field) => field.name), source);
}

/**
 * Returns the fields of a schema that are shown.
 *
 * @param source name for errors
 * @throws {RecordsError} `UNKNOWN_FIELD`
 */
export function chooseFields(
  schema: Schema,
  choice: FieldChoice | undefined,
  source: string,
): Field[] {
  const visible = schema.fields.filter(({ hidden }) => hidden !== true);
  if (choice === undefined) return visible.length > 0 ? visible : [...schema.fields];
  const chosen = choice.only === undefined
    ? new Set(visible)
    : new Set(choice.only.flatMap((name) => findFields(schema, name, source)));
  for (const name of choice.add) {
    for (const field of findFields(schema, name, source)) chosen.add(field);
  }
  for (const name of choice.remove) {
    for (const field of findFields(schema, name, source)) chosen.delete(field);
  }
  if (chosen.size === 0) {
    throw new RecordsError(`Cannot show "${source}": no fields are left`, {
      code: "BAD_RECORDS",
      hint: "remove fewer with --fields",
    });
  }
  if (choice.only === undefined && choice.add.length === 0) return [...chosen];
  // Fields chosen by name are shown in every form; of an endpoint, JSON has the members.
  return [...chosen].flatMap((field): Field[] => {
    if (field.shownIn === "tables") return [field, ...membersOf(schema, field)];
    if (field.shownIn === undefined || (choice.only === undefined && visible.includes(field))) {
      return [field];
    }
    const { shownIn: _, ...shown } = field;
    return [shown];
  });
}

function membersOf({ fields }: Schema, { name }: Field): readonly Field[] {
  return fields.filter((field) => field.name.startsWith(`${name}.`) && field.hidden !== true);
}

/** Returns the fields that one form of output shows. */
export function fieldsIn(fields: readonly Field[], form: "json" | "tables"): readonly Field[] {
  const shown = fields.filter(({ shownIn }) => shownIn === undefined || shownIn === form);
  return shown.length > 0 ? shown : fields;
}

/**
 * Returns a schema with other formats.
 *
 * @param formats by name of the field
 * @throws {RecordsError} `UNKNOWN_FIELD`
 */
export function withFormats(
  schema: Schema,
  formats: readonly { readonly field: string; readonly format: Format }[],
  source: string,
): Schema {
  if (formats.length === 0) return schema;
  const changed = new Map<Field, Format>();
  for (const { field, format } of formats) {
    for (const found of findFields(schema, field, source)) changed.set(found, format);
  }
  return {
    ...schema,
    fields: schema.fields.map((field) => {
      const format = changed.get(field);
      return format === undefined ? field : { ...field, format };
    }),
  };
}
