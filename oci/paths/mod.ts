/** Paths that other users may want to bend: resolved, read and replaced by what was opened. */
export { fileFailure } from "../file_failure.ts";
export { IrregularFile, readRegularFile } from "./regular_file.ts";
export { Replacement, resolveForWriting } from "./replacement.ts";
export { folderObjection, linkObjection } from "./trust.ts";
export { type Destination, walk } from "./walk.ts";
