/**
 * The `wasm_bpf_ext` import module: what the reference runtimes do not have.
 *
 * The ABI is in `docs/guest-abi.md`. Functions return a negative errno on failure and throw
 * nothing.
 */
import type { BpfContext } from "../context.ts";
import { bufferImports } from "./buffers.ts";
import { hostImports } from "./host.ts";
import { lastErrorImports } from "./last_error.ts";
import { linkImports } from "./links.ts";
import { mapImports } from "./maps.ts";
import { objectImports } from "./objects.ts";
import { recordImports } from "./records.ts";

/**
 * The functions of module `wasm_bpf_ext`, by import name.
 *
 * @param isImported reports whether the guest imports a function: some are made only then
 */
export function extensionImports(
  context: BpfContext,
  isImported: (name: string) => boolean = () => false,
): WebAssembly.ModuleImports {
  return {
    ...bufferImports(context, isImported),
    ...linkImports(context),
    ...mapImports(context),
    ...objectImports(context),
    ...lastErrorImports(context),
    ...hostImports(),
    ...recordImports(context),
  };
}
