/** All of WASI: what a plain run has, and what it does without. */
import { directoryFunctions } from "./directory.ts";
import { fdIoFunctions } from "./fd_io.ts";
import { fdMetadataFunctions } from "./fd_metadata.ts";
import { PLAIN_FAMILIES, type WasiFamily } from "./mod.ts";
import { pathFunctions } from "./path.ts";
import { pathOpenFunctions } from "./path_open.ts";
import { sockFunctions } from "./sock.ts";

export { openGrants } from "./grants.ts";

/** All call families. */
export const ALL_FAMILIES: readonly WasiFamily[] = [
  ...PLAIN_FAMILIES,
  fdIoFunctions,
  fdMetadataFunctions,
  directoryFunctions,
  pathFunctions,
  pathOpenFunctions,
  sockFunctions,
];
