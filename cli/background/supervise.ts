/** `wasm-bpf __supervise STATE NAME`: process that keeps one run running. */
import { RunFiles, supervise } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";

/** Help, which is never shown. */
export const PAGE: HelpPage = { usage: [], about: "", options: {} };

/** Supervises a run. */
export async function command([state = "", name = ""]: string[]): Promise<number> {
  const code = await supervise(new RunFiles({ state }, name), {
    program: Deno.execPath(),
    args: ["__supervised", state, name, `${Deno.pid}`],
  });
  // Signal listeners keep the event loop running.
  Deno.exit(code);
}
