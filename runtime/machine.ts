/**
 * Entry point for commands that read the kernel's own files or wait for pipes, or ask on the terminal. `mod.ts` is that of
 * embedders.
 */
export { KernelFile, readKernelFile, type ReadLimit, Terminal, WaitingFile } from "../ffi/mod.ts";
