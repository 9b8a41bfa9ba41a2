/** Finds the module in an artifact: which layer, in which wrapping. */
import { contentKind } from "../content_kind.ts";
import { type Descriptor, TITLE } from "../descriptor.ts";
import { ArtifactError, shorten } from "../errors.ts";
import type { ImageManifest } from "../manifest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LAYER_ZSTD,
  essence,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  WASM_CNCF_CONFIG,
  WASM_COMPAT_CONFIG,
} from "../media_types.ts";

/**
 * The kinds of artifacts that hold a module: what wasm-to-oci and ecli write, the CNCF's Wasm artifact,
 * any other with one `.wasm` layer, and container images with nothing but a module in them.
 */
export type ArtifactKind = "compat" | "cncf" | "artifact" | "image";

/** Where the module is. */
export interface ModulePlace {
  /** Kind of artifact. */
  readonly kind: ArtifactKind;
  /** The layer that is the module; of an image all layers, the lowest first. */
  readonly layers: readonly Descriptor[];
  /** True if the layers are tar archives, compressed or not; false for a bare module. */
  readonly isArchive: boolean;
}

/** V8 compiles no larger module. */
export const MAX_MODULE_BYTES = 2 ** 30;

const ARCHIVES: readonly string[] = [
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LAYER_ZSTD,
];

/** Layers that hold an eBPF object: Inspektor Gadget's, and bumblebee's. */
const OBJECT_LAYERS: readonly string[] = [
  "application/vnd.gadget.ebpf.program.v1+binary",
  "application/ebpf.oci.image.program.v1+binary",
];

/** Layers of bytes of any kind: the only one of an artifact may be what is run. */
const BYTES = /^application\/octet-stream$|\+binary$/;

const MAX_SHOWN = 8;

/**
 * Looks for the module in a manifest.
 *
 * @param what how errors name the artifact
 * @throws {ArtifactError} `NOT_A_MODULE`, with all that was found, or `TOO_LARGE`
 */
export function findModule(manifest: ImageManifest, what: string): ModulePlace {
  const { config, layers } = manifest;
  const isImage = [OCI_CONFIG, DOCKER_CONFIG].includes(essence(config.mediaType));
  const named = layers.filter((layer) => isModuleLayer(layer, isImage));
  const isBytes = ({ mediaType }: Descriptor) => BYTES.test(essence(mediaType));
  const modules = named.length === 0 && layers.length === 1 && !isImage
    ? layers.filter(isBytes)
    : named;
  const [only] = modules;
  if (only !== undefined && modules.length === 1) {
    const kind = artifactKind(config);
    // The CNCF's guide: "If a consumer sees more than a single layer …, they should reject it".
    if (kind === "cncf" && layers.length > 1) throw notAModule(manifest, what);
    checkSize(only, what);
    return { kind, layers: [only], isArchive: false };
  }
  const areArchives = layers.length > 0 &&
    layers.every((layer) => ARCHIVES.includes(essence(layer.mediaType)));
  if (isImage && areArchives && only === undefined) {
    return { kind: "image", layers, isArchive: true };
  }
  throw notAModule(manifest, what);
}

function artifactKind(config: Descriptor): ArtifactKind {
  const type = essence(config.mediaType);
  if (type === WASM_COMPAT_CONFIG) return "compat";
  return type === WASM_CNCF_CONFIG ? "cncf" : "artifact";
}

/**
 * By its media type, `application/wasm` or one that ends in `+wasm`, or by its file's name. oras calls
 * files that it is given no type for tar archives, and means the file itself.
 */
function isModuleLayer({ mediaType, annotations }: Descriptor, isImage: boolean): boolean {
  const type = essence(mediaType);
  const isArchive = ARCHIVES.includes(type) && (isImage || type !== OCI_LAYER);
  if (isArchive) return false;
  return /[/+]wasm$/.test(type) || OBJECT_LAYERS.includes(type) ||
    /\.(wasm|o|json|ya?ml|tar)$/i.test(annotations?.[TITLE] ?? "");
}

function checkSize(layer: Descriptor, what: string): void {
  if (layer.size <= MAX_MODULE_BYTES) return;
  throw new ArtifactError(`Cannot use ${what}: its module has ${layer.size} bytes`, {
    code: "TOO_LARGE",
    hint: "a module has at most 1 GiB: no engine compiles a larger one",
  });
}

function notAModule(manifest: ImageManifest, what: string): ArtifactError {
  const { config, layers, artifactType } = manifest;
  const shown = layers.slice(0, MAX_SHOWN).map(describe);
  if (layers.length > MAX_SHOWN) shown.push(`and ${layers.length - MAX_SHOWN} more`);
  const type = artifactType === undefined ? "" : `, artifact type ${shorten(artifactType)}`;
  const found = layers.length === 0 ? "no layer" : shown.join(", ");
  return new ArtifactError(
    `Cannot use ${what}: it does not hold one WebAssembly module: found ${found}; ` +
      `config ${config.mediaType}${type}`,
    {
      code: "NOT_A_MODULE",
      hint: "wasm-bpf push makes artifacts that run; images with nothing but a .wasm file do, too",
    },
  );
}

function describe({ mediaType, annotations }: Descriptor): string {
  const title = annotations?.[TITLE];
  return title === undefined ? mediaType : `${mediaType} (${shorten(title)})`;
}

/** Bytes at the start of content that show its kind. */
export const MAGIC_BYTES = 512;

/**
 * Makes sure that bytes are what can be run, by how they start: a WebAssembly module, an eBPF object, or
 * a package.
 *
 * @param bytes {@linkcode MAGIC_BYTES} at the start, or all of a shorter content
 * @throws {ArtifactError} `NOT_A_MODULE`
 */
export function checkMagic(bytes: Uint8Array, what: string): void {
  const kind = contentKind(bytes);
  const [, , , , version, , layer] = bytes;
  if (kind === "module" ? version === 1 && layer === 0 : kind !== "unknown") return;
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  const reason = kind === "module" && layer === 1
    ? "it is a WebAssembly component; only core modules are supported"
    : `not a WebAssembly module: it starts with ${start.join(" ") || "nothing"}`;
  throw new ArtifactError(`Cannot use ${what}: ${reason}`, { code: "NOT_A_MODULE" });
}
