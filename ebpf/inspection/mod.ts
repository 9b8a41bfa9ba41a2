/**
 * Inspection of eBPF objects without loading them, and without the library.
 *
 * @module
 */
export type { GlobalFacts } from "./globals.ts";
export type { MapFacts } from "./maps.ts";
export { type Need, needsOf } from "./needs.ts";
export { highest, inspectObject, type ObjectFacts, type ProgramFacts } from "./object.ts";
export { isOlder, type KernelMinimum, type KernelNeed } from "./kernel_minimum.ts";
