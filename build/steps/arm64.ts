/** Programs for arm64, which `./dev matrix arm64` runs in an emulator. */
import { compileArm64 } from "../tasks/compile.ts";
import { programState, run } from "../lib/process.ts";
import { replaceFile, runStep } from "../lib/step.ts";
import { ARM64, stepName } from "../lib/target.ts";
import { buildShim, SHIM } from "./shim.ts";
import { buildThirdParty } from "./third_party.ts";

/** Folder of the programs. */
const FOLDER = "dist/tests/arm64";

/** Tree with the files that the program carries. */
const TREE = ".cache/arm64/tree";

/** Program of the tests that triggers what tools show. */
const ACTOR = "tests/programs/actor.c";

/**
 * Builds `wasm-bpf` and `actor` for arm64 on any machine: needs Debian's gcc-aarch64-linux-gnu and
 * libc6-dev-arm64-cross. The program for this machine has to be built before.
 */
export async function buildArm64(): Promise<void> {
  await buildThirdParty(ARM64);
  await buildShim(ARM64, `${TREE}/${SHIM}`);
  await compileArm64(TREE, `${FOLDER}/wasm-bpf`);
  const [clang = "", ...options] = ARM64.compiler;
  await runStep({
    name: stepName(ACTOR, ARM64),
    inputs: [ACTOR, "build/steps/arm64.ts", "build/lib/target.ts"],
    key: programState("clang"),
    outputs: [`${FOLDER}/actor`],
    make: () =>
      replaceFile(`${FOLDER}/actor`, async (path) => {
        await run(clang, [...options, "-O2", "-Wall", "-Wextra", "-Werror", "-o", path, ACTOR]);
      }),
  });
}
