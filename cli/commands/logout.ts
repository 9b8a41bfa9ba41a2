/** `wasm-bpf logout`: removes a registry's credentials. */
import { forgetCredential } from "../../oci/mod.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { visibleLine } from "../terminal/output.ts";
import { print } from "../terminal/output_file.ts";
import { registryName } from "../args/registry_options.ts";

const OPTIONS = {
  "help": { short: "h", help: "show this help" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `logout`. */
export const PAGE: HelpPage = {
  usage: ["logout [REGISTRY]"],
  about: "Removes the stored credentials of a registry.",
  arguments: { REGISTRY: "ghcr.io, localhost:5000, ... (default: docker.io)" },
  options: OPTIONS,
  notes: [
    "They are removed from every file that login and pull read, and from the helpers that those " +
    "files name. A registry may keep tokens valid: revoke them there.",
  ],
};

/** Logs out. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const registry = registryName(line.rest, "logout");
  const found = await forgetCredential(registry);
  for (const { path, helper } of found) {
    const where = helper === undefined ? path : `docker-credential-${helper}`;
    print(visibleLine(`Removed ${registry} from ${where}`));
  }
  if (found.length === 0) print(`No credentials are stored for ${registry}`);
  return 0;
}
