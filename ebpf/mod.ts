/**
 * The kernel's side of a run, without WebAssembly.
 *
 * @module
 */
export * from "./permissions/mod.ts";
