import { basename } from "node:path";
import { BuildError } from "./errors.ts";
import { runStep, writeFile } from "./step.ts";

/**
 * The assembled pumps. Not `.wasm`: `deno compile --include` would take that for a module and look for
 * its imports.
 */
export const PUMPS = ["dist/lib/pump.bin", "dist/lib/ring_pump.bin"];

/** Assembles `runtime/pump.wat` and `runtime/ring_pump.wat`. */
export async function buildPumps(): Promise<void> {
  for (const output of PUMPS) {
    const name = basename(output, ".bin");
    const input = `runtime/${name}.wat`;
    await runStep({
      name,
      inputs: [input, "build/pump.ts"],
      outputs: [output],
      make: async () => writeFile(output, await assemble(input)),
    });
  }
}

/** What V8 understands; the names are wabt's. */
const FEATURES = {
  ...{ "multi_memory": true, "bulk_memory": true, "reference_types": true, "tail_call": true },
  ...{ "extended_const": true, "exceptions": true, "threads": true, "relaxed_simd": true },
};

/** Turns a file of WebAssembly text into a module that V8 accepts. */
export async function assemble(path: string): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded here, as most runs assemble nothing.
  const { default: load } = await import("wabt");
  const wabt = await load();
  try {
    const module = wabt.parseWat(path, await Deno.readTextFile(path), FEATURES);
    const bytes = new Uint8Array(module.toBinary({ "write_debug_names": false }).buffer);
    // Checked by who will run it: wabt's own check does not know of several memories.
    new WebAssembly.Module(bytes);
    return bytes;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(`Cannot assemble ${path}: ${reason}`, { cause });
  }
}
