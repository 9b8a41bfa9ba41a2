/** Description of an artifact in the store, for users. */
import { HostError } from "../../ffi/errors.ts";
import { type Content, readContent } from "../content.ts";
import { CREATED, type Descriptor, REF_NAME } from "../descriptor.ts";
import { type ArtifactKind, findModule } from "../formats/find_module.ts";
import { MANIFEST_LIMITS, readJson } from "../json.ts";
import {
  checkManifestType,
  type ImageIndex,
  type ImageManifest,
  parseManifest,
} from "../manifest.ts";
import { ADDED, CHOSEN_FROM, type IndexEntry } from "./layout.ts";
import { descriptorOf } from "./names.ts";

/** An entry of the store, described. */
export interface Description {
  /** The name; undefined where another program wrote the entry without one. */
  readonly reference: string | undefined;
  /** Of the manifest. */
  readonly digest: string;
  /** Of the image index that the manifest was chosen from, if it was. */
  readonly chosenFrom: string | undefined;
  /**
   * Container of the module; `index` for a list of manifests, `other` for an artifact that cannot
   * run here.
   */
  readonly kind: ArtifactKind | "index" | "other";
  /** Bytes of manifest, config and layers. */
  readonly sizeBytes: number;
  /** When the artifact was made, RFC 3339, by its own word. */
  readonly created: string | undefined;
  /** When it came here, RFC 3339. */
  readonly added: string | undefined;
  /** The manifest, as far as it is understood; undefined when it is missing or damaged. */
  readonly manifest: ImageManifest | ImageIndex | undefined;
  /** The manifest's JSON with all that is in it. */
  readonly document: unknown;
  /** Reason why the artifact has no module, or why it does not run here. */
  readonly problem: string | undefined;
}

/** Describes an entry; what is wrong with it becomes its `problem`. */
export async function describeEntry(
  content: Pick<Content, "fetch" | "read">,
  entry: IndexEntry,
): Promise<Description> {
  const common = {
    reference: entry.annotations?.[REF_NAME],
    digest: entry.digest,
    chosenFrom: entry.annotations?.[CHOSEN_FROM],
    added: entry.annotations?.[ADDED],
  };
  const what = common.reference ?? entry.digest;
  try {
    checkManifestType(what, entry.mediaType);
    const bytes = await readContent(content, descriptorOf(entry), {
      limit: MANIFEST_LIMITS.bytes,
    });
    const manifest = parseManifest(bytes, { what, mediaType: entry.mediaType });
    return {
      ...common,
      ...kindOf(manifest, what),
      sizeBytes: entry.size + partsOf(manifest).reduce((sum, { size }) => sum + size, 0),
      created: await createdOf(content, manifest),
      manifest,
      document: JSON.parse(new TextDecoder().decode(bytes)),
    };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const unknown = { created: undefined, manifest: undefined, document: undefined };
    const sizeBytes = entry.size;
    return { ...common, ...unknown, sizeBytes, kind: "other", problem: error.message };
  }
}

function kindOf(
  manifest: ImageManifest | ImageIndex,
  what: string,
): Pick<Description, "kind" | "problem"> {
  if (manifest.kind === "index") return { kind: "index", problem: undefined };
  try {
    return { kind: findModule(manifest, what).kind, problem: undefined };
  } catch (error) {
    if (error instanceof HostError) return { kind: "other", problem: error.message };
    throw error;
  }
}

function partsOf(manifest: ImageManifest | ImageIndex): readonly Descriptor[] {
  return manifest.kind === "index" ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** By the manifest's annotation, else by a config that has such a member. */
async function createdOf(
  content: Pick<Content, "fetch" | "read">,
  manifest: ImageManifest | ImageIndex,
): Promise<string | undefined> {
  const annotated = manifest.annotations[CREATED];
  if (annotated !== undefined || manifest.kind === "index") return annotated;
  const { config } = manifest;
  if (!config.mediaType.endsWith("+json") || config.size === 0) return undefined;
  try {
    const bytes = await readContent(content, config, { limit: MANIFEST_LIMITS.bytes });
    return readJson(bytes, { what: "the config", code: "BAD_JSON" }).string("created");
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
