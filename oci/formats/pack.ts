/** Makes the config and manifest that go with a module. */
import { CREATED, type Descriptor, TITLE } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import {
  OCI_MANIFEST,
  WASM_CNCF_CONFIG,
  WASM_COMPAT_CONFIG,
  WASM_COMPAT_LAYER,
  WASM_LAYER,
} from "../media_types.ts";

/** Artifact format: of wasm-to-oci and ecli, or the CNCF's Wasm artifact. */
export type ArtifactFormat = "compat" | "cncf";

/** Metadata of a module to push. */
export interface PackOptions {
  /** Whose config and media types. */
  format: ArtifactFormat;
  /** The file's name, which `oras pull` gives it again. */
  title: string;
  /** When it was made. With it fixed, the same module makes the same manifest. */
  created: Date;
  /** Annotations of the manifest, in place of ours where they have the same name. */
  annotations?: Readonly<Record<string, string>>;
}

/** Content with its descriptor. */
export interface Packed {
  /** Names the bytes. */
  readonly descriptor: Descriptor;
  /** As they are sent. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An artifact around a module. */
export interface PackedArtifact {
  /** Config of the manifest. */
  readonly config: Packed;
  /** The module itself. */
  readonly layer: Descriptor;
  /** To be pushed last. */
  readonly manifest: Packed;
}

const AUTHORS = "org.opencontainers.image.authors";

/**
 * Makes an artifact of a module, by its digest and size alone.
 *
 * `compat` has an empty config; `cncf` the one of the CNCF Wasm working group's "Wasm OCI Artifact
 * layout". Both carry the title on manifest and layer.
 */
export function packModule(
  module: Pick<Descriptor, "digest" | "size">,
  options: PackOptions,
): PackedArtifact {
  const isCncf = options.format === "cncf";
  const layer: Descriptor = {
    mediaType: isCncf ? WASM_LAYER : WASM_COMPAT_LAYER,
    digest: module.digest,
    size: module.size,
    annotations: { [TITLE]: options.title },
  };
  const config = isCncf
    ? pack(WASM_CNCF_CONFIG, cncfConfig(layer, options))
    : pack(WASM_COMPAT_CONFIG, {});
  const manifest = pack(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: [layer],
    annotations: sorted({
      [CREATED]: rfc3339(options.created),
      [TITLE]: options.title,
      ...options.annotations,
    }),
  });
  return { config, layer, manifest };
}

function cncfConfig(layer: Descriptor, options: PackOptions): unknown {
  const author = options.annotations?.[AUTHORS];
  return {
    created: options.annotations?.[CREATED] ?? rfc3339(options.created),
    ...(author === undefined ? {} : { author }),
    architecture: "wasm",
    os: "wasip1",
    layerDigests: [layer.digest],
  };
}

function pack(mediaType: string, value: unknown): Packed {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** Whole seconds, as SOURCE_DATE_EPOCH has them. */
function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

function sorted(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => a < b ? -1 : 1));
}
