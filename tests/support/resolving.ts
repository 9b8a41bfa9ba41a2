/** Runs guests without the resolver's protection. */
import type { GuestModule } from "../../runtime/mod.ts";
import { runGuestInside } from "../../runtime/everything.ts";
import type { InternalOptions } from "../../runtime/run_options.ts";

/** Runs the guest with paths resolved by `resolve`, 0 for no protection; returns its output. */
export function runResolving(
  guest: GuestModule,
  args: string[],
  options: Pick<InternalOptions, "preopens" | "resolve" | "sandbox">,
): string {
  let text = "";
  const decoder = new TextDecoder();
  const stdout = (bytes: Uint8Array) => void (text += decoder.decode(bytes, { stream: true }));
  runGuestInside(guest, { ...options, args: ["escape", ...args], stdio: { stdout } });
  return text;
}
