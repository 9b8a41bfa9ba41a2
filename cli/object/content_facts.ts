/** Facts about what can be run, whatever its form: a module, an eBPF object, or a package of one. */
import { HostError } from "../../ffi/errors.ts";
import { contentKind } from "../../oci/content_kind.ts";
import type { GadgetParts } from "../../oci/mod.ts";
import type { RunFacts } from "./run_facts.ts";
import type { Tool } from "./tool.ts";
import {
  type DamagedObject,
  describeModule,
  type KnownObject,
  knownObject,
  type ModuleFacts,
  objectFacts,
} from "../module/module_facts.ts";

/** Facts: of a module, or of an object and its run. */
export interface ContentFacts {
  readonly module?: ModuleFacts;
  readonly object?: KnownObject | DamagedObject;
  readonly run?: RunFacts;
}

/** Options of {@linkcode describeContent}. */
export interface ContentOptions {
  /** Name in errors. */
  readonly what: string;
  /** Metadata of a gadget from a registry. */
  readonly gadget?: GadgetParts | undefined;
}

/**
 * Describes the content of a file, or of the layer of an artifact, as `run` takes it.
 *
 * @throws {HostError} for anything else, or a damaged one
 */
export async function describeContent(
  bytes: Uint8Array<ArrayBuffer>,
  options: ContentOptions,
): Promise<ContentFacts> {
  if (isModule(bytes)) return { module: describeModule(bytes, options.what) };
  const tool = await toolOf(bytes, options);
  const { runFacts } = await import("./run_facts.ts");
  return { object: knownObject(tool.file.bytes), run: runFacts(tool) };
}

/**
 * Returns the eBPF objects of a content.
 *
 * @throws {HostError} for what is neither a module nor an object nor a package
 */
export async function objectsIn(
  bytes: Uint8Array<ArrayBuffer>,
  options: ContentOptions,
): Promise<Pick<ModuleFacts, "bpfObjects" | "loadsOthers">> {
  if (isModule(bytes)) return describeModule(bytes, options.what);
  const isPlain = contentKind(bytes) === "elf";
  const object = isPlain ? bytes : (await toolOf(bytes, options)).file.bytes;
  return { bpfObjects: [objectFacts(object)], loadsOthers: false };
}

/** Returns the facts of an object that cannot be read: it may do anything. */
export function damagedContent(bytes: Uint8Array, error: HostError): ContentFacts {
  return { object: { sizeBytes: bytes.length, problem: error.message } };
}

function isModule(bytes: Uint8Array): boolean {
  const kind = contentKind(bytes);
  return kind === "module" || kind === "unknown";
}

async function toolOf(
  bytes: Uint8Array<ArrayBuffer>,
  { what, gadget }: ContentOptions,
): Promise<Tool> {
  const { unpacked } = await import("./unpack.ts");
  const line = { values: {}, flags: new Set<never>(), rest: [] };
  return await unpacked(bytes, { name: what, line, gadget });
}
