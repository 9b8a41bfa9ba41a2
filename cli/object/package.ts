/** Makes ecc's packages from objects: the metadata that ecc leaves, from BTF and our annotations. */
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import {
  eventMaps,
  type EventType,
  type PlainVariable,
  TypeFinder,
  typeText,
  valueText,
} from "../../ebpf/plain/mod.ts";
import { resolve } from "../../ebpf/btf/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import type { TableWish, Tool, ToolOption } from "./tool.ts";

/** Package as `ecc` writes it: `package.json`. */
export interface EccPackage {
  readonly "bpf_object": string;
  readonly "bpf_object_size": number;
  readonly meta: unknown;
}

/** Version of the form, for programs that read it: the last of ecc's 1.0. */
const FORM_VERSION = "1.0.27";

/**
 * Returns the package of a tool.
 *
 * @param meta metadata to take as it is; undefined to make it from the object
 * @throws {HostError} `NO_BTF` for an object without types
 */
export function packageOf(tool: Tool, meta?: unknown): EccPackage {
  const { bytes } = tool.file;
  return {
    "bpf_object": Buffer.from(deflateSync(bytes)).toString("base64"),
    "bpf_object_size": bytes.length,
    meta: meta ?? metaOf(tool),
  };
}

function metaOf(tool: Tool): unknown {
  const { file, name, about, version } = tool;
  if (file.btf === undefined) {
    throw new HostError(`Cannot package "${name}": the object has no BTF`, {
      code: "NO_BTF",
      hint: "compile it with -g, and strip it with llvm-strip -g at most",
    });
  }
  const types = eventTypes(tool);
  const unique = [...new Map([...types.values()].map((type) => [type.type.id, type])).values()];
  // One type serves all maps; of several, each map names its own.
  const isMultiple = unique.length > 1;
  return {
    "bpf_skel": {
      "data_sections": sectionsOf(tool),
      ...(about === undefined && version === undefined ? {} : {
        doc: {
          ...(about === undefined ? {} : { brief: about }),
          ...(version === undefined ? {} : { version }),
        },
      }),
      maps: file.maps.map((map) => {
        const type = types.get(map.name);
        const wish = tool.tables?.find((one) => one.map === map.name);
        return {
          ident: map.name,
          name: map.name,
          ...(isMultiple && type !== undefined
            ? { "export_config": { "btf_type_id": type.type.id } }
            : {}),
          ...(wish === undefined ? {} : { sample: sampleOf(wish) }),
        };
      }),
      "obj_name": `${objectName(name)}_bpf`,
      progs: file.programs.map((program) => ({
        attach: program.section,
        link: true,
        name: program.name,
      })),
    },
    "enable_multiple_export_types": isMultiple,
    "eunomia_version": FORM_VERSION,
    "export_types": isMultiple ? [] : unique.map((type) => exportedType(tool, type)),
  };
}

/** Returns the type of each buffer that the object's own BTF has. */
function eventTypes(tool: Tool): Map<string, EventType> {
  const { file } = tool;
  const finder = new TypeFinder(file, { files: [] });
  const found = new Map<string, EventType>();
  for (const { name } of eventMaps(file)) {
    const { types } = finder.find({ name, kind: "map" }, undefined, tool.declared.get(name));
    const [only] = types;
    if (only !== undefined && types.length === 1 && only.type.btf === file.btf) {
      found.set(name, only);
    }
  }
  return found;
}

function exportedType({ file }: Tool, { name, bytes, type: { btf, id } }: EventType): unknown {
  const { type, id: struct } = resolve(btf, id);
  const members = type.kind === "struct" || type.kind === "union" ? type.members : [];
  return {
    members: members.map((member) => ({
      name: member.name,
      type: file.btf === undefined ? "" : typeText(file.btf, member.type),
    })),
    name: btf.name(struct) || name,
    size: bytes,
    "type_id": struct,
  };
}

function sectionsOf(tool: Tool): unknown[] {
  const { file, options } = tool;
  const shown = file.variables.filter(({ name, section, sizeBytes }) =>
    /^\.(rodata|bss|data)$/.test(section) && sizeBytes > 0 &&
    !/^(LICENSE|_license|license)$/i.test(name)
  );
  return [".rodata", ".data", ".bss"].flatMap((section) => {
    const variables = shown.filter((one) => one.section === section);
    return variables.length === 0 ? [] : [{
      name: section,
      variables: variables.map((variable) =>
        variableOf(tool, variable, options.find((one) => one.variable.name === variable.name))
      ),
    }];
  });
}

function variableOf(
  { file }: Tool,
  variable: PlainVariable,
  option: ToolOption | undefined,
): unknown {
  const { btf } = file;
  if (btf === undefined) return { name: variable.name };
  const type = typeText(btf, variable.type);
  const initial = option?.default ??
    plainValue(valueText(btf, variable.type, variable.bytes), type);
  return {
    name: variable.name,
    type,
    ...(option === undefined ? {} : {
      cmdarg: {
        ...(initial === undefined ? {} : { default: initial }),
        help: option.help,
        long: option.names[0],
        ...(option.short === undefined ? {} : { short: option.short }),
      },
    }),
  };
}

/** Returns a value as JSON has it; undefined for one that is not a number, flag or text. */
function plainValue(text: string, type: string): unknown {
  if (/^(_Bool|bool)$/.test(type)) return text === "true";
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return undefined;
}

function sampleOf({ intervalMs = 1000, histogram, clear }: TableWish): unknown {
  return {
    interval: intervalMs,
    type: histogram === undefined
      ? "default_kv"
      : histogram.isLinear === true
      ? "linear_hist"
      : "log2_hist",
    ...(histogram?.unit === undefined ? {} : { unit: histogram.unit }),
    "clear_map": clear === true,
  };
}

/** `path/opensnoop.bpf.o` is `opensnoop`. */
function objectName(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\..*$/, "").replace(/\W/g, "_") || "object";
}
