/** The door for commands that read what the kernel tells about itself. */
export { readKernelFile } from "../ffi/mod.ts";
