/** Entry point for commands that read the kernel's own files. */
export { readKernelFile } from "../ffi/mod.ts";
