/**
 * Packages of eunomia-bpf's compiler `ecc`: an object with metadata, in JSON or YAML; and skeletons,
 * the metadata alone. Every part of the metadata may be missing or of another type.
 */
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { Btf, isElf } from "../../ebpf/btf/mod.ts";
import {
  eventMaps,
  type EventTypes,
  ObjectFile,
  structOf,
  typed,
  typeText,
  withStruct,
} from "../../ebpf/plain/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import type { StackWish } from "./stack_fields.ts";
import type { TableWish, Tool, ToolOption } from "./tool.ts";
import { optionsOf } from "./tool_options.ts";
import { list, number, record, text } from "./untyped.ts";

/** 64 MiB, as for objects without a package. */
const MAX_OBJECT_BYTES = 64 << 20;

/** Parts of a package. */
export interface EccParts {
  /** Name of the file or reference. */
  readonly name: string;
  /** True if the user names interfaces: then those of the package do not count. */
  readonly hasInterfaces: boolean;
}

/** @throws {HostError} `BAD_PACKAGE` */
export function objectOfPackage(value: unknown, name: string): Uint8Array<ArrayBuffer> {
  const fields = record(value);
  const encoded = text(fields["bpf_object"]) ?? text(fields["data"]);
  if (encoded === undefined) throw badPackage(name, 'it has no "bpf_object"');
  const bytes = new Uint8Array(Buffer.from(encoded, "base64"));
  if (isElf(bytes)) return bytes;
  const size = number(fields["bpf_object_size"]);
  const given = fields["bpf_object_size"] ?? undefined;
  if (given !== undefined && size === undefined) {
    throw badPackage(
      name,
      `the size of its object is not a whole number: ${JSON.stringify(given)}`,
    );
  }
  let inflated: Uint8Array<ArrayBuffer>;
  try {
    const limit = Math.min(size ?? MAX_OBJECT_BYTES, MAX_OBJECT_BYTES);
    inflated = new Uint8Array(inflateSync(bytes, { maxOutputLength: Math.max(1, limit) }));
  } catch (cause) {
    const isLonger = cause instanceof Error && /larger than|BUFFER_TOO_LARGE/.test(cause.message);
    throw badPackage(
      name,
      isLonger
        ? `its object is longer than the ${size ?? MAX_OBJECT_BYTES} bytes that it may have`
        : "its object cannot be decompressed",
      cause,
    );
  }
  if (size !== undefined && inflated.length !== size) {
    throw badPackage(name, `its object has ${inflated.length} bytes, and the package says ${size}`);
  }
  if (!isElf(inflated)) throw badPackage(name, "its object is not an ELF file");
  return inflated;
}

function badPackage(name: string, reason: string, cause?: unknown): HostError {
  return new HostError(`Cannot read the package "${name}": ${reason}`, {
    code: "BAD_PACKAGE",
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Returns the tool of an object and its metadata.
 *
 * @throws {HostError} `BAD_PACKAGE` for metadata that contradicts the object
 */
export function eccTool(
  bytes: Uint8Array<ArrayBuffer>,
  meta: unknown,
  { name, hasInterfaces }: EccParts,
): Tool {
  const file = new ObjectFile(bytes);
  const skeleton = record(record(meta)["bpf_skel"]);
  const doc = record(skeleton["doc"]);
  const about = [doc["brief"], doc["details"], doc["description"]].map(text)
    .filter((line) => line !== undefined && line !== "").join("\n");
  const version = text(doc["version"]);
  const tables = tablesOf(file, skeleton);
  const options = packageOptions(file, skeleton);
  return {
    name,
    file,
    ...(about === "" ? {} : { about }),
    ...(version === undefined ? {} : { version }),
    options: options.length === 0 ? optionsOf(file) : options,
    declared: declaredTypes(file, record(meta), skeleton, name),
    sourceNames: new Map(),
    hints: new Map(),
    stacks: stacksOf(skeleton),
    tables: tables.length === 0 ? undefined : tables,
    iterators: [],
    targets: hasInterfaces ? new Map() : targetsOf(file, skeleton),
    notes: [],
    lossMaps: new Map(),
  };
}

function packageOptions(file: ObjectFile, skeleton: Record<string, unknown>): ToolOption[] {
  const { btf } = file;
  return list(skeleton["data_sections"]).flatMap((section) =>
    list(record(section)["variables"]).flatMap((entry): ToolOption[] => {
      const fields = record(entry);
      const name = text(fields["name"]) ?? "";
      const variable = file.variable(name);
      if (variable === undefined || /^__eunomia_dummy/.test(name) || btf === undefined) return [];
      const argument = record(fields["cmdarg"]);
      const short = text(argument["short"]);
      const type = typeText(btf, variable.type);
      const help = text(argument["help"]) ?? text(fields["description"]) ??
        `set value of \`${type}\` variable ${name}`;
      const initial = word(argument["default"]) ?? word(fields["value"]);
      return [{
        variable,
        names: [...new Set([text(argument["long"]) ?? name, name])],
        ...(short?.length === 1 ? { short } : {}),
        help: help.trim(),
        isFlag: /^(_Bool|bool)$/.test(type),
        ...(initial === undefined ? {} : { default: initial }),
      }];
    })
  );
}

/** Returns a value as a word of the command line. */
function word(value: unknown): string | undefined {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return `${value}`;
  }
  return Array.isArray(value) && value.every((one) => typeof one === "number")
    ? value.join(",")
    : undefined;
}

function tablesOf(file: ObjectFile, skeleton: Record<string, unknown>): TableWish[] {
  return list(skeleton["maps"]).flatMap((entry): TableWish[] => {
    const { name, sample } = record(entry);
    const map = text(name) ?? "";
    if (typeof sample !== "object" || sample === null || file.map(map) === undefined) return [];
    const { interval, type, unit } = record(sample);
    const kind = text(type) ?? "default_kv";
    const shown = text(unit);
    return [{
      map,
      intervalMs: Math.max(10, number(interval) ?? 1000),
      ...(kind === "log2_hist" || kind === "linear_hist"
        ? {
          histogram: {
            isLinear: kind === "linear_hist",
            ...(shown === undefined || shown === "(unit)" ? {} : { unit: shown }),
          },
        }
        : {}),
    }];
  });
}

/** Reads the names that `stack_trace` interpreters give to members. */
function stacksOf(skeleton: Record<string, unknown>): Map<string, StackWish> {
  const stacks = new Map<string, StackWish>();
  for (const entry of list(skeleton["maps"])) {
    // Its name is spelt so.
    const { name, intepreter } = record(entry);
    const trace = record(intepreter)["stack_trace"];
    const map = text(name);
    if (map === undefined || trace === undefined) continue;
    const names = record(record(trace)["field_map"]);
    const members = Object.fromEntries(
      ["kstack", "ustack", "kstack_sz", "ustack_sz"].map((one) => [one, text(names[one]) ?? one]),
    );
    stacks.set(map, { members });
  }
  return stacks;
}

const RULE = "the package's metadata";

function declaredTypes(
  file: ObjectFile,
  meta: Record<string, unknown>,
  skeleton: Record<string, unknown>,
  name: string,
): Map<string, EventTypes> {
  const declared = new Map<string, EventTypes>();
  const declare = (map: string, btf: Btf, id: number, title: string) =>
    declared.set(map, {
      types: [typed(title, { btf, id })],
      rule: RULE,
      mayBeShort: true,
      sizes: [],
      candidates: [],
    });
  const maps = eventMaps(file);
  if (meta["enable_multiple_export_types"] === true) {
    for (const entry of list(skeleton["maps"])) {
      const fields = record(entry);
      const map = maps.find((one) => one.name === text(fields["name"]));
      const found = map && configuredType(file, record(fields["export_config"]), map.name, name);
      if (map !== undefined && found !== undefined) {
        declare(map.name, found.btf, found.id, found.title);
      }
    }
    return declared;
  }
  const exported = exportedType(file, meta["export_types"], name);
  if (exported === undefined) return declared;
  for (const { name: map } of maps) declare(map, exported.btf, exported.id, exported.title);
  return declared;
}

interface Exported {
  readonly btf: Btf;
  readonly id: number;
  readonly title: string;
}

/** Reads `export_types`: a list, of which the first counts, or the old form with BTF of its own. */
function exportedType(file: ObjectFile, value: unknown, name: string): Exported | undefined {
  const old = record(value);
  const encoded = text(old["export_btf"]);
  if (encoded !== undefined) {
    const btf = new Btf(new Uint8Array(Buffer.from(encoded, "base64")));
    const first = record(list(old["structs"])[0]);
    const id = number(first["id"]);
    const struct = id === undefined ? undefined : structOf(btf, id);
    return struct === undefined
      ? undefined
      : { btf, id: struct, title: text(first["name"]) ?? "event" };
  }
  const first = record(list(value)[0]);
  const title = text(first["name"]);
  if (title === undefined || file.btf === undefined) return undefined;
  const id = number(first["type_id"]);
  const byId = id === undefined || id >= file.btf.count ? undefined : structOf(file.btf, id);
  if (byId !== undefined && file.btf.name(byId) === title) {
    return { btf: file.btf, id: byId, title };
  }
  const byName = file.btf.find(title, () => true).map((one) => structId(file, one))
    .find((one) => one !== undefined);
  if (byName !== undefined) return { btf: file.btf, id: byName, title };
  throw badPackage(name, `it exports struct "${title}", which its object does not have`);
}

function structId({ btf }: ObjectFile, id: number): number | undefined {
  try {
    return btf && structOf(btf, id);
  } catch {
    // A type of another kind that has the name.
    return undefined;
  }
}

/** Reads `export_config`: the id of a type, or members by their offsets. */
function configuredType(
  { btf, elf }: ObjectFile,
  config: Record<string, unknown>,
  map: string,
  name: string,
): Exported | undefined {
  const section = elf.section(".BTF");
  if (btf === undefined || section === undefined) return undefined;
  const id = number(config["btf_type_id"]);
  if (id !== undefined) {
    const struct = id < btf.count ? structOf(btf, id) : undefined;
    if (struct !== undefined) return { btf, id: struct, title: btf.name(struct) || map };
    throw badPackage(name, `map "${map}" exports type ${id}, which is not a struct of its object`);
  }
  const members = list(config["custom_members"]).map((entry) => {
    const fields = record(entry);
    const type = number(fields["btf_type_id"]);
    if (type === undefined || type >= btf.count) {
      throw badPackage(name, `map "${map}" exports a member of an unknown type`);
    }
    return { name: text(fields["name"]) ?? "", offset: number(fields["offset"]) ?? 0, type };
  }).sort((a, b) => a.offset - b.offset);
  if (members.length === 0) return undefined;
  const types = withStruct(elf.content(section), map, members);
  if (types === undefined) throw badPackage(name, `map "${map}" exports members that overlap`);
  return { ...types, title: map };
}

/** Places that a package has in its metadata: interfaces by number, and a clock for `perf_event`. */
function targetsOf(
  file: ObjectFile,
  skeleton: Record<string, unknown>,
): Map<string, readonly string[]> {
  const targets = new Map<string, readonly string[]>();
  const extras = new Map(
    list(skeleton["progs"]).map((entry) => [text(record(entry)["name"]) ?? "", record(entry)]),
  );
  for (const { name, section } of file.programs) {
    const hook = record(extras.get(name)?.["tchook"]);
    const index = number(hook["ifindex"]) ?? number(extras.get(name)?.["ifindex"]) ?? 1;
    if (/^(xdp(\.frags)?|tcx?\/(in|e)gress)$/.test(section)) {
      const found = interfaceByIndex(index);
      if (found !== undefined) targets.set(name, [found]);
    } else if (/^(tc|classifier)$/.test(section)) {
      const found = interfaceByIndex(index);
      const isEgress = text(hook["attach_point"]) === "BPF_TC_EGRESS";
      if (found !== undefined) targets.set(name, [isEgress ? `${found}:egress` : found]);
    } else if (section === "perf_event") targets.set(name, ["software:cpu-clock@99"]);
  }
  return targets;
}

const FOLDER = "/sys/class/net";

/** Returns the name of an interface by its number; undefined without it. */
export function interfaceByIndex(index: number): string | undefined {
  if (index === 1) return "lo";
  try {
    for (const { name } of Deno.readDirSync(FOLDER)) {
      if (Number(readSmall(`${FOLDER}/${name}/ifindex`)) === index) return name;
    }
  } catch {
    // Without sysfs, no interface has a number.
  }
  return undefined;
}

function readSmall(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(32);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}
