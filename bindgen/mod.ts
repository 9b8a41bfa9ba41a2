/**
 * Types for guests, made from the BTF of an eBPF object or of the kernel.
 *
 * ```ts import { generate } from "./bindgen/mod.ts";
 *
 * const { text } = generate(Deno.readFileSync("bootstrap.bpf.o"), {
 *   target: "c",
 *   source: "bootstrap.bpf.o", });
 * ```
 *
 * Sizes, offsets and signs are eBPF's: pointers and `long` have 64 bits. `docs/gen.md` lists the
 * types that are taken, and their form in each language.
 *
 * @module
 */
export { HostError, type HostErrorOptions } from "../ffi/errors.ts";
export { BindgenError, BtfError, ElfError } from "./errors.ts";
export { generate, type Generated, type GenerateOptions } from "./generate.ts";
export { isTarget, type Target, TARGETS } from "./targets.ts";
