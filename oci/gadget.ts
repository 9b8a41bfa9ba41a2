/** Parts of Inspektor Gadget's artifacts in addition to the object. */
import type { ImageManifest } from "./manifest.ts";
import { essence } from "./media_types.ts";

const METADATA = "application/vnd.gadget.config.v1+yaml";
const WASM = "application/vnd.gadget.wasm.program.v1+binary";

/** Metadata of a gadget, and facts about its other layers. */
export interface GadgetParts {
  /** Content of its gadget.yaml, if it has one. */
  readonly metadata: Uint8Array<ArrayBuffer> | undefined;
  /** True if it has a WebAssembly module for Inspektor Gadget's own interface. */
  readonly hasWasm: boolean;
}

/** Reports whether the config of a manifest is a gadget.yaml. */
export function isGadgetConfig({ config }: ImageManifest): boolean {
  return essence(config.mediaType) === METADATA;
}

/** Reports whether an artifact has a module for Inspektor Gadget's own interface. */
export function hasGadgetWasm({ layers }: ImageManifest): boolean {
  return layers.some(({ mediaType }) => essence(mediaType) === WASM);
}
