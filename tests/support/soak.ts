/** Length of a test: `./dev test` runs the short form, `./dev soak` the whole. */

/** True if the whole form is requested. */
export const SOAK = Deno.env.get("WASM_BPF_SOAK") === "1";

/** Selects a number for the current form. */
export function soakSize(size: { short: number; whole: number }): number {
  return SOAK ? size.whole : size.short;
}
