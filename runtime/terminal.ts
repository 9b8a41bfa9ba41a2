/** Entry point for the command line's questions; `mod.ts` is that of embedders. */
export { Terminal } from "../ffi/mod.ts";
