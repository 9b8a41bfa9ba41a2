/** Finds the module of an installed tool: always the artifact that was pinned, from the local store. */
import {
  acquireModule,
  boundsForArtifact,
  BOX,
  CatalogError,
  type InstalledTool,
  installedTool,
  parseReference,
  type PolicyBound,
  toolNamed,
} from "../../oci/mod.ts";
import type { AcquiredModule } from "../../oci/mod.ts";
import { openRemote } from "../args/registry_options.ts";
import type { RunLine } from "../args/run_options.ts";
import { boxFile } from "../box/box.ts";
import { UsageError } from "../errors.ts";
import { fetchLimit, interruptibly } from "../terminal/interruption.ts";
import { openProgress } from "../terminal/progress.ts";

/** Module of an installed tool; `origin` is undefined for one of the box. */
export type InstalledModule =
  | (Partial<AcquiredModule> & {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly name: string;
    readonly bounds?: readonly PolicyBound[];
    /** Name of a tool in the box. */
    readonly tool?: string;
  })
  | { readonly exitCode: number };

/** Options of references that a pinned artifact does not have. */
const REFUSED = ["pull", "platform"] as const;

/**
 * Returns the module of an installed tool; undefined when no tool has this name.
 *
 * @throws {CatalogError} `NOT_INSTALLED` with `--installed`; `NOT_IN_STORE` when its artifact was removed
 */
export async function installedModule(
  name: string,
  line: RunLine,
): Promise<InstalledModule | undefined> {
  const tool = line.flags.has("installed") ? toolNamed(name) : installedTool(name);
  if (tool === undefined) return undefined;
  for (const option of REFUSED) {
    if (line.values[option] === undefined) continue;
    throw new UsageError(`Cannot use --${option} with the installed tool "${name}"`);
  }
  if (tool.origin.hub === BOX) {
    return { bytes: fromBox(tool), name, tool: tool.origin.tool };
  }
  const reference = parseReference(tool.reference);
  const outcome = await interruptibly((signal) =>
    acquireModule(reference, {
      what: tool.reference,
      when: "never",
      // Sends nothing: a run never fetches an installed tool.
      connect: () => openRemote(reference, { progress: openProgress({ quiet: true }) }),
      verifyKeys: line.lists?.["verify-key"],
      signal,
    }), fetchLimit(line.values.timeout, name));
  if ("exitCode" in outcome) return outcome;
  if (outcome.value === undefined) throw lost(tool);
  return { ...outcome.value, name, bounds: boundsForArtifact(reference) };
}

function fromBox({ name, origin }: InstalledTool): Uint8Array<ArrayBuffer> {
  const bytes = boxFile(origin.tool);
  if (bytes !== undefined) return bytes;
  throw new CatalogError(`Cannot run "${name}": this wasm-bpf has no tool "${origin.tool}"`, {
    code: "NO_TOOL",
    hint: `run wasm-bpf uninstall ${name}, or use the wasm-bpf that installed it`,
  });
}

function lost({ name, version, origin }: InstalledTool): CatalogError {
  return new CatalogError(`Cannot run "${name}": its artifact is no longer in the store`, {
    code: "NOT_IN_STORE",
    hint: `run wasm-bpf install ${origin.hub}/${origin.tool}@${version} to fetch it again`,
  });
}
