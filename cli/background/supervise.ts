/** `wasm-bpf __supervise STATE NAME CAPABILITIES`: process that keeps one run running. */
import { RunFiles, supervise } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import {
  capabilitiesFrom,
  capabilityWord,
  holdStatistics,
  keepCapabilities,
} from "./capabilities.ts";

/** Help, which is never shown. */
export const PAGE: HelpPage = { usage: [], about: "", options: {} };

/** Supervises a run. */
export async function command([state = "", name = "", needed = ""]: string[]): Promise<number> {
  const files = new RunFiles({ state }, name);
  holdStatistics([files.readDefinition()]);
  const givenUp = keepCapabilities(capabilitiesFrom(needed));
  const code = await supervise(files, {
    program: Deno.execPath(),
    args: ["__supervised", state, name, `${Deno.pid}`, capabilityWord(givenUp)],
  });
  // Signal listeners keep the event loop running.
  Deno.exit(code);
}
