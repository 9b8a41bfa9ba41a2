/** `wasm-bpf __supervised STATE NAME PARENT CAPABILITIES`: one start of a run. */
import { HostError } from "../../ffi/errors.ts";
import { digestOf } from "../../oci/mod.ts";
import { supervision } from "../../runtime/supervision.ts";
import { capabilityBits, type Definition, FileLock, RunFiles } from "../../service/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { runLine } from "../run_line.ts";
import { visibleLine } from "../terminal/output.ts";
import {
  capabilitiesFrom,
  capabilitiesOf,
  checkCapabilities,
  keepCapabilities,
} from "./capabilities.ts";

/** Help, which is never shown. */
export const PAGE: HelpPage = { usage: [], about: "", options: {} };

/** The end of a killed predecessor, whose programs the kernel detaches meanwhile. */
const LOCK_WAIT_MS = 10_000;

/** Runs the definition, in the same way at each start. */
export async function command(
  [state = "", name = "", parent = "", givenUp = ""]: string[],
): Promise<number> {
  // Nothing stays attached without its supervisor.
  if (supervision.dieWith(Number(parent)) < 0) return 1;
  const files = new RunFiles({ state }, name);
  const definition = files.readDefinition();
  supervision.inheritStatistics();
  // Held until the process ends: `ps` reports the run for as long as that.
  await FileLock.acquire(files.processLock, LOCK_WAIT_MS);
  return await runDefinition(definition, capabilitiesFrom(givenUp));
}

/** Runs what a definition has; the module must be the one that it had. */
async function runDefinition(definition: Definition, givenUp: bigint): Promise<number> {
  const { words, digest } = definition;
  return await runLine(parseCommandLine([...words], RUN_OPTIONS), undefined, {
    check: (bytes, word) => {
      if (digest === undefined || digestOf(bytes) === digest) return;
      throw new HostError(`Cannot run ${visibleLine(word)}: it changed since the run was defined`, {
        code: "DIGEST_MISMATCH",
        hint: "remove the run and start it anew to use the new one",
      });
    },
    begin: (object) => {
      const needed = capabilityBits(capabilitiesOf({ definition, object }));
      checkCapabilities(definition, { needed, givenUp });
      // That of a file of up has what all runs of the file need.
      keepCapabilities(needed);
    },
  });
}
