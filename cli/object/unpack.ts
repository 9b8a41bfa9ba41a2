/** Finds the object in bytes: alone, or in a package, an archive, or compressed. */
import { basename, dirname, join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { decompressed, type GadgetParts, readTar } from "../../oci/mod.ts";
import type { RunLine } from "../args/run_options.ts";
import { contentKind } from "../../oci/content_kind.ts";
import { isFile } from "../args/reference.ts";
import { readInput } from "../module/input_file.ts";
import { eccTool, objectOfPackage } from "./ecc.ts";
import { gadgetTool, isGadget } from "./gadget.ts";
import { plainTool } from "./plain_tool.ts";
import type { Tool } from "./tool.ts";
import { record } from "./untyped.ts";

/** 64 MiB: the largest public objects have 2. */
const MAX_OBJECT_BYTES = 64 << 20;
/** BTF archives have some thousand files. */
const MAX_ENTRIES = 4096;
/** An archive in gzip in an archive is none of a tool's. */
const MAX_NESTED = 4;

/** Name and options of what is unpacked. */
export interface UnpackOptions {
  readonly name: string;
  readonly line: RunLine;
  /** Metadata of a gadget from a registry. */
  readonly gadget?: GadgetParts | undefined;
}

/**
 * Returns the tool in some bytes.
 *
 * @throws {HostError} `TOO_LARGE`, `BAD_PACKAGE`, `NOT_RUNNABLE`, and those of archives
 */
export async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  options: UnpackOptions,
  depth = 0,
): Promise<Tool> {
  const { name, line } = options;
  if (bytes.length > MAX_OBJECT_BYTES) throw tooLarge(name);
  if (depth > MAX_NESTED) throw notRunnable(name, "it is nested too deep");
  switch (contentKind(bytes)) {
    case "elf":
      return await objectTool(bytes, options);
    case "gzip":
    case "zstd": {
      const inner = decompressed(once(bytes), { what: name, limit: MAX_OBJECT_BYTES });
      return await unpacked(await gathered(inner), options, depth + 1);
    }
    case "tar":
      return await unpacked(await fromTar(bytes, name), options, depth + 1);
    case "json":
      return packageTool(parsedJson(bytes, name), name, line);
    case "yaml": {
      const { parseYaml } = await import("./yaml.ts");
      return packageTool(parseYaml(bytes, name), name, line);
    }
    default:
      throw notRunnable(name, "not a module, an eBPF object or a package");
  }
}

/** Larger metadata is not that of a gadget. */
const MAX_META_BYTES = 4 << 20;

/** Returns the tool of an object: one of Inspektor Gadget's has markers, and a gadget.yaml next to it. */
async function objectTool(
  bytes: Uint8Array<ArrayBuffer>,
  { name, line, gadget }: UnpackOptions,
): Promise<Tool> {
  const tool = plainTool(bytes, name);
  const given = line.values.meta;
  if (!isGadget(tool.file)) {
    if (given === undefined) return tool;
    return eccTool(bytes, await metaIn(given, line.values.timeout), { name, hasInterfaces: false });
  }
  const hasWasm = gadget?.hasWasm === true;
  if (given === undefined && gadget !== undefined) {
    const { metadata } = gadget;
    const meta = metadata === undefined ? undefined : await metaOf(metadata, `metadata of ${name}`);
    return gadgetTool(bytes, name, { hasWasm, ...(meta === undefined ? {} : { meta }) });
  }
  const beside = join(dirname(name), "gadget.yaml");
  const path = given ?? (isFile(beside) ? beside : undefined);
  const meta = path === undefined ? {} : { meta: await metaIn(path, line.values.timeout) };
  return gadgetTool(bytes, name, { hasWasm, ...meta });
}

/**
 * Returns the metadata in a file, JSON or YAML.
 *
 * @throws {HostError} with an errno name, or `BAD_PACKAGE`
 */
export async function metaIn(path: string, timeout?: string): Promise<unknown> {
  return await metaOf(readInput(path, { maxBytes: MAX_META_BYTES, timeout }), path);
}

/**
 * Returns metadata, JSON or YAML.
 *
 * @throws {HostError} `BAD_PACKAGE`
 */
export async function metaOf(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<unknown> {
  if (contentKind(bytes) === "json") return parsedJson(bytes, path);
  const { parseYaml } = await import("./yaml.ts");
  return parseYaml(bytes, path);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

async function gathered(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const list: Uint8Array[] = [];
  for await (const part of parts) list.push(part.slice());
  const bytes = new Uint8Array(list.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of list) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Returns a package, or the only object, of an archive. */
async function fromTar(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const objects: Uint8Array<ArrayBuffer>[] = [];
  let found: Uint8Array<ArrayBuffer> | undefined;
  let entries = 0;
  for await (const { path, kind, size, body } of readTar(once(bytes), name)) {
    if (++entries > MAX_ENTRIES) throw notRunnable(name, `it has more than ${MAX_ENTRIES} files`);
    if (kind !== "file" || path.startsWith("btfhub-archive/")) continue;
    if (size > MAX_OBJECT_BYTES) throw tooLarge(name);
    if (/^package\.(json|ya?ml)$/.test(path)) found ??= await gathered(body);
    else if (!path.includes("/") || path.endsWith(".o")) {
      const content = await gathered(body);
      if (contentKind(content) === "elf") objects.push(content);
    }
  }
  const [only] = objects;
  if (found !== undefined) return found;
  if (only !== undefined && objects.length === 1) return only;
  throw notRunnable(
    name,
    objects.length === 0
      ? "the archive holds no package and no object"
      : "the archive holds several objects",
  );
}

function parsedJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HostError(`Cannot read the package "${name}": ${reason}`, {
      code: "BAD_PACKAGE",
      cause,
    });
  }
}

function packageTool(value: unknown, name: string, line: RunLine): Tool {
  const fields = record(value);
  const hasInterfaces = line.lists?.iface !== undefined;
  const parts = { name, hasInterfaces };
  if ("bpf_object" in fields) {
    return eccTool(objectOfPackage(fields, name), fields["meta"], parts);
  }
  if ("data" in fields) return plainTool(objectOfPackage(fields, name), name);
  if ("bpf_skel" in fields) {
    const path = line.values.object ?? siblingOf(name);
    const { timeout } = line.values;
    const bytes = readInput(path, { maxBytes: MAX_OBJECT_BYTES, timeout });
    return eccTool(bytes, fields, parts);
  }
  throw new HostError(`Cannot read the package "${name}": it has no "bpf_object"`, {
    code: "BAD_PACKAGE",
    hint: "a package is what ecc makes: package.json, package.yaml or a tar archive",
  });
}

/** `NAME.skel.json` describes `NAME.bpf.o`. */
function siblingOf(path: string): string {
  return join(dirname(path), `${basename(path).replace(/\.skel\.(json|ya?ml)$|\.\w+$/, "")}.bpf.o`);
}

function tooLarge(name: string): HostError {
  return new HostError(`Cannot run "${name}": larger than 64 MiB`, { code: "TOO_LARGE" });
}

function notRunnable(name: string, reason: string): HostError {
  return new HostError(`Cannot run "${name}": ${reason}`, { code: "NOT_RUNNABLE" });
}
