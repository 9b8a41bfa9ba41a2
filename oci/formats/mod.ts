/** Kinds of artifacts that hold a module: how they are made, and how the module is found in them. */
export {
  type ArtifactKind,
  checkMagic,
  findModule,
  MAGIC_BYTES,
  MAX_MODULE_BYTES,
  type ModulePlace,
} from "./find_module.ts";
export { moduleBytes, type ModuleSource, readModule } from "./module_bytes.ts";
export {
  type ArtifactFormat,
  type Packed,
  type PackedArtifact,
  packModule,
  type PackOptions,
} from "./pack.ts";
export { choosePlatform, machineManifest } from "./platform.ts";
export { decompressed } from "./decompress.ts";
export { readTar, type TarEntry, type TarKind } from "./tar.ts";
