import { basename } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { runStep, writeFile } from "../lib/step.ts";

/**
 * The assembled pumps. Not `.wasm`: `deno compile --include` would take that for a module and look for
 * its imports.
 */
export const PUMPS = ["pump", "ring_pump", "pump_words", "ring_pump_words"]
  .map((name) => `dist/lib/${name}.bin`);

/**
 * Assembles `runtime/wasm_bpf/events/pump.wat` and `runtime/wasm_bpf/events/ring_pump.wat`; each again as `…_words`, without vectors, for
 * CPUs on which V8 has none.
 */
export async function buildPumps(): Promise<void> {
  for (const output of PUMPS) {
    const name = basename(output, ".bin");
    const input = `runtime/wasm_bpf/events/${name.replace("_words", "")}.wat`;
    const change = name.endsWith("_words") ? withoutVectors : undefined;
    await runStep({
      name,
      inputs: [input, "build/steps/pump.ts"],
      outputs: [output],
      make: async () => writeFile(output, await assemble(input, change)),
    });
  }
}

/** Makes two copies of 8 bytes of each one of 16, which are the only vectors there are. */
export function withoutVectors(text: string): string {
  const copy =
    /\(v128\.store (\S+)(?: offset=(\d+))? (\(.*?\))\s+\(v128\.load (\S+)(?: offset=(\d+))? (\(.*?\))\)\)/g;
  const changed = text.replaceAll(
    copy,
    (_, to, toOffset = 0, at, from, fromOffset = 0, source) =>
      [0, 8].map((more) =>
        `(i64.store ${to} offset=${Number(toOffset) + more} ${at} ` +
        `(i64.load ${from} offset=${Number(fromOffset) + more} ${source}))`
      ).join("\n"),
  );
  if (changed.includes("v128")) throw new BuildError("Cannot do without vectors: one is left");
  return changed;
}

/** Features that V8 supports, under wabt's names. */
const FEATURES = {
  ...{ "multi_memory": true, "bulk_memory": true, "reference_types": true, "tail_call": true },
  ...{ "extended_const": true, "exceptions": true, "threads": true, "relaxed_simd": true },
};

/** Turns a file of WebAssembly text into a module that V8 accepts. */
export async function assemble(
  path: string,
  change = (text: string) => text,
): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded here, as most runs assemble nothing.
  const { default: load } = await import("wabt");
  const wabt = await load();
  try {
    const module = wabt.parseWat(path, change(await Deno.readTextFile(path)), FEATURES);
    const bytes = new Uint8Array(module.toBinary({ "write_debug_names": false }).buffer);
    // V8 validates it: wabt's own check does not support several memories.
    new WebAssembly.Module(bytes);
    return bytes;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(`Cannot assemble ${path}: ${reason}`, { cause });
  }
}
