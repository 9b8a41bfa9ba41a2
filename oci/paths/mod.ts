/** Safe access to paths that other users may change: every step uses the file that was opened. */
export { fileFailure } from "../errors.ts";
export { placeFile, type PlacementOptions } from "./placement.ts";
export { IrregularFile, readRegularFile } from "./regular_file.ts";
export { Replacement, resolveForWriting } from "./replacement.ts";
export { folderObjection, linkObjection } from "./trust.ts";
export { type Destination, lstatIfThere, walk } from "./walk.ts";
export { homeFolder } from "../store/location.ts";
