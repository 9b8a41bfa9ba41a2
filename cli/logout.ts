/** `wasm-bpf logout`: forgets a registry's credentials. */
import { forgetCredential } from "../oci/mod.ts";
import { type OptionSpec, parseCommandLine } from "./options.ts";
import { visible } from "./output.ts";
import { print } from "./output_file.ts";
import { registryName } from "./registry_name.ts";

const OPTIONS = { "help": { short: "h" } } as const satisfies Record<string, OptionSpec>;

export const HELP = `Forgets the credentials that are kept for a registry.

Usage: wasm-bpf logout [REGISTRY]

  REGISTRY   ghcr.io, localhost:5000, ...; docker.io when it is left out

  -h, --help   show this

They are taken out of all files that login and pull look into, and out of the
helper programs that those name. A registry may let tokens live on: they are
taken back there.`;

/** Logs out. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const registry = registryName(line.rest, "logout");
  const found = await forgetCredential(registry);
  for (const { path, helper } of found) {
    const where = helper === undefined ? path : `docker-credential-${helper}`;
    print(visible(`Removed ${registry} from ${where}`));
  }
  if (found.length === 0) print(`Nothing is kept for ${registry}`);
  return 0;
}
