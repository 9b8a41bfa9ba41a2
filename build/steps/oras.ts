import { resolve } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { findProgram, programState, run } from "../lib/process.ts";
import { replaceFile, runStep } from "../lib/step.ts";

const VERSION = "v1.3.6";
/** Release of Go that it requires. */
const GO_MINOR = 26;
/** Go's hash of that version's files, which ends up in the program. */
const SUM = "h1:Lhsfr2tQLjsu/+CJZp6vYatwKT+62fbIUTlp4lUrfOA=";
const PROGRAM = ".cache/tools/oras/oras";

/**
 * Builds `oras`, another client for registries and layouts, for the tests of interoperability. It
 * takes half a minute, once.
 *
 * @returns its path, or the reason why the machine cannot build it
 */
export async function buildOras(): Promise<{ path: string } | { missing: string }> {
  const go = findProgram("go");
  if (go === undefined) return { missing: "Go to build oras is not found" };
  const version = (await run(go, ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } })).trim();
  if (Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) < GO_MINOR) {
    return { missing: `oras ${VERSION} requires Go 1.${GO_MINOR} or newer; found ${version}` };
  }
  await runStep({
    name: `oras ${VERSION}`,
    inputs: ["build/steps/oras.ts"],
    key: programState("go"),
    outputs: [PROGRAM],
    make: () => replaceFile(PROGRAM, (path) => compile(go, path)),
  });
  return { path: resolve(PROGRAM) };
}

async function compile(go: string, output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasm-bpf-oras-" });
  try {
    const env = {
      ...{ GOPATH: folder, GOCACHE: `${folder}/cache`, GOBIN: `${folder}/bin`, GOWORK: "off" },
      // Otherwise what was downloaded could not be removed.
      GOFLAGS: "-modcacherw",
      CGO_ENABLED: "0",
    };
    const options = ["-trimpath", "-ldflags=-s -w"];
    await run(go, ["install", ...options, `oras.land/oras/cmd/oras@${VERSION}`], { env });
    const made = await run(go, ["version", "-m", `${folder}/bin/oras`]);
    const found = /^\tmod\toras\.land\/oras\t(\S+)\t(\S+)$/m.exec(made);
    if (found?.[1] !== VERSION || found[2] !== SUM) {
      throw new BuildError(`Cannot use oras ${VERSION}: its hash is ${found?.[2]}, not ${SUM}`);
    }
    await Deno.copyFile(`${folder}/bin/oras`, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
