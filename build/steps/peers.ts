/** Programs that others made for the same purpose, from registries, to be measured next to ours. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { findProgram, programState, run } from "../lib/process.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";

const NAME = "wasm-bpf";
const VERSION = "0.2.0";
/** SHA-256 of the crate; its own lock file has those of what it is made of. */
const SUM = "f8ea09922abf2fa7d1e1d3ed11c9b94e6230f62d9072657e1d438a48dd25e580";
/** The eBPF half of the measurements looks at processes by this name. */
const PROGRAM = `.cache/peers/eunomia/${NAME}`;

/** Its name in tables. */
export const PEER = `eunomia-bpf's wasm-bpf ${VERSION}`;

/**
 * Builds the newest release of eunomia-bpf's runtime in Rust that its registry has, on wasmtime. It
 * takes some minutes, once.
 *
 * @returns its path, or the reason why the machine cannot build it
 * @throws {BuildError} if the registry's crate is another one
 */
export async function buildPeer(): Promise<{ path: string } | { missing: string }> {
  const cargo = findProgram("cargo");
  if (cargo === undefined) return { missing: "cargo is not found" };
  try {
    await runStep({
      name: PEER,
      inputs: ["build/steps/peers.ts"],
      key: programState("cargo"),
      outputs: [PROGRAM],
      make: () => replaceFile(PROGRAM, (path) => compile(cargo, path)),
    });
  } catch (error) {
    // Other benchmarks go on where the registry is out of reach, or this cargo is too old.
    if (error instanceof BuildError && !(error instanceof WrongCrate)) {
      return { missing: error.message };
    }
    throw error;
  }
  return { path: PROGRAM };
}

class WrongCrate extends BuildError {}

async function compile(cargo: string, output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-peer-" });
  try {
    const where = ["--root", folder, "--target-dir", join(folder, "target")];
    await run(cargo, ["install", "--quiet", "--locked", ...where, `${NAME}@${VERSION}`]);
    checkCrate();
    await Deno.copyFile(join(folder, "bin", NAME), output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares the crate that cargo has downloaded with {@linkcode SUM}. */
function checkCrate(): void {
  const home = Deno.env.get("CARGO_HOME") ?? join(Deno.env.get("HOME") ?? "/", ".cargo");
  const file = `${NAME}-${VERSION}.crate`;
  const crates = filesUnder(join(home, "registry/cache"), (path) => path.endsWith(`/${file}`));
  for (const path of crates) {
    const found = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
    if (found !== SUM) throw new WrongCrate(`Cannot use ${file}: its hash is ${found}, not ${SUM}`);
  }
  if (crates.length === 0) throw new WrongCrate(`Cannot use ${file}: cargo does not keep it`);
}
