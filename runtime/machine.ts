/**
 * Entry point for commands that read the kernel's own files, or ask on the terminal. `mod.ts` is that of
 * embedders.
 */
export { readKernelFile, Terminal } from "../ffi/mod.ts";
