/** Fields of records that are stacks: ids that lead to a map, and arrays of addresses. */
import type { ObjectFile } from "../../ebpf/plain/mod.ts";
import { MapType } from "../../ebpf/mod.ts";
import type { Field, Schema } from "../../records/mod.ts";

/** Facts that metadata has about the stacks of one source. */
export interface StackWish {
  /** Map that ids lead to. */
  readonly ids?: string;
  /** Names of members by the names that ecc's `stack_trace` interpreter gives them. */
  readonly members?: Readonly<Record<string, string>>;
  /** True if the key is an id, whatever its name. */
  readonly isKey?: boolean;
}

/** `bpf_get_stackid`, `bpf_get_stack`, `bpf_get_task_stack`. */
const STACK_HELPERS = [27, 67, 141];

/** Reports whether an object's programs take stacks. */
export function takesStacks(file: ObjectFile): boolean {
  return file.programs.some(({ calls }) => STACK_HELPERS.some((one) => calls.helpers.has(one)));
}

/** Names of ids: `stack_id`, `user_stack_id`, `kernstack`, `ustack`. */
const ID = /(^|_)stack_?(id)?$|(kern|kernel|user|usr|k|u)_?stack_?(id)?$|(^|_)stackid$/i;
/** Names of arrays of addresses: `kstack`, `user_stack`, `stack_trace`. */
const ARRAY = /stack(_?trace)?s?$|^(k|u|kern|user)_?ips?$/i;
const OF_USER = /(^|[._])(user|usr|u)_?stack|^u_?ips?$|^user_?ips?$|ustack/i;
const OF_KERNEL = /(^|[._])(kern|kernel|k)_?stack|kstack/i;
const SIZES = ["_sz", "_size", "_bytes"];

/** Returns a schema in which the fields that are stacks have the format of one. */
export function withStacks(schema: Schema, file: ObjectFile, wish: StackWish = {}): Schema {
  if (!takesStacks(file)) return schema;
  const maps = file.maps.filter(({ type }) => type === MapType.StackTrace).map(({ name }) => name);
  const sizes = new Set<string>();
  const fields = schema.fields.map((field): Field => {
    if (!/^(dec|hex|list)$/.test(field.format.name)) return withMap(field, maps, wish);
    if (field.type.kind === "array") {
      const found = arrayField(field, schema, wish);
      if (found?.size !== undefined) sizes.add(found.size.name);
      return found?.field ?? field;
    }
    return idField(field, maps, wish) ?? field;
  });
  return {
    ...schema,
    fields: fields.map((field) => sizes.has(field.name) ? { ...field, hidden: true } : field),
  };
}

/** A format that the object itself gives, without its map. */
function withMap(field: Field, maps: readonly string[], wish: StackWish): Field {
  const { name, argument } = field.format;
  if ((name !== "kstack" && name !== "ustack") || argument !== undefined) return field;
  const map = mapFor(name === "ustack", maps, wish);
  return map === undefined ? field : { ...field, format: { name, argument: map } };
}

function idField(field: Field, maps: readonly string[], wish: StackWish): Field | undefined {
  const { name, path, type, bitSize } = field;
  if (type.kind !== "int" || type.of !== undefined || bitSize !== undefined) return undefined;
  if (type.bytes !== 4 && type.bytes !== 8) return undefined;
  const isNamed = ID.test(path.at(-1) ?? name) || (wish.isKey === true && name === "key");
  if (!isNamed) return undefined;
  const isUser = OF_USER.test(name) && !OF_KERNEL.test(name);
  const map = mapFor(isUser, maps, wish);
  if (map === undefined) return undefined;
  return { ...field, format: { name: isUser ? "ustack" : "kstack", argument: map } };
}

/** Returns the map of ids: the only one, or the only one with such a name. */
function mapFor(isUser: boolean, maps: readonly string[], { ids }: StackWish): string | undefined {
  if (ids !== undefined) return ids;
  if (maps.length < 2) return maps[0];
  const name = isUser ? /^(ig_)?u|user/i : /^(ig_)?k|kern/i;
  const fitting = maps.filter((map) => name.test(map));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function arrayField(
  field: Field,
  { fields }: Schema,
  { members = {} }: StackWish,
): { field: Field; size: Field | undefined } | undefined {
  const { name, path, type } = field;
  if (type.kind !== "array" || type.stride !== 8 || type.element.kind !== "int") return undefined;
  const role = Object.entries(members).find(([, member]) => member === name)?.[0];
  const word = role ?? path.at(-1) ?? name;
  if (!ARRAY.test(word)) return undefined;
  const isUser = OF_USER.test(word) || (word !== name && OF_USER.test(name));
  const wished = role === undefined ? undefined : members[`${role}_sz`];
  const names = [wished, ...SIZES.map((suffix) => name + suffix)];
  const size = fields.find((one) =>
    names.includes(one.name) && one.type.kind === "int" && (one.size === 4 || one.size === 8)
  );
  return {
    size,
    field: {
      ...field,
      format: { name: isUser ? "ustack" : "kstack" },
      ...(size === undefined ? {} : { used: { offset: size.offset, size: size.size } }),
    },
  };
}
