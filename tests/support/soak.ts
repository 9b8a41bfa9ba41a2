/** How long a test runs: `./dev test` takes the short form, `./dev soak` the whole. */

/** Whether the whole form is asked for. */
export const SOAK = Deno.env.get("WASM_BPF_SOAK") === "1";

/** A number for each of the two. */
export function soakSize(size: { short: number; whole: number }): number {
  return SOAK ? size.whole : size.short;
}
