/** Guests in Go, for `GOOS=wasip1`. */
import { basename, dirname, join, resolve } from "node:path";
import { findProgram, programState, run } from "../lib/process.ts";
import { copyFile, fileState, filesUnder, replaceFile, runStep, writeFile } from "../lib/step.ts";
import { unpackPackages } from "../tasks/test_tools.ts";

/** The first release that lets a module export functions. */
const GO_MINOR = 24;
const GO_ROOT = ".cache/tools/go/usr/lib/go-1.24";

const SDK = "sdk/go";

/** A module to be made of a folder of Go sources. */
export interface GoGuest {
  readonly path: string;
  /** Folder of eBPF objects, which the sources may embed by file name. */
  readonly objects: string;
  readonly output: string;
}

/** Builds a guest; it may import the package `wasmbpf`. */
export async function buildGoGuest({ path, objects, output }: GoGuest): Promise<void> {
  const sources = filesUnder(path, (file) => dirname(file) === path && file.endsWith(".go"));
  const sdk = filesUnder(SDK, (file) => dirname(file) === SDK);
  const embedded = filesUnder(objects);
  await runStep({
    name: `${path} (Go)`,
    inputs: [...sources, ...sdk, ...embedded, "build/steps/go.ts"],
    key: programState("go"),
    outputs: [output],
    make: () => replaceFile(output, (to) => compile([...sources, ...embedded], path, to)),
  });
}

/** Go embeds only what stands below the package, so that it is built in a folder with everything. */
async function compile(files: readonly string[], path: string, output: string): Promise<void> {
  const { go, root } = await findGo();
  const folder = join(".cache/go-guests", path);
  if (fileState(folder) !== undefined) await Deno.remove(folder, { recursive: true });
  for (const file of files) copyFile(file, join(folder, basename(file)));
  const requirement = `require wasmbpf v0.0.0\n\nreplace wasmbpf => ${resolve(SDK)}\n`;
  writeFile(join(folder, "go.mod"), `module guest\n\ngo 1.${GO_MINOR}\n\n${requirement}`);
  const env = {
    ...(root === undefined ? {} : { GOROOT: root }),
    ...{ GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
    ...{ GOPROXY: "off", GOWORK: "off", GOCACHE: resolve(".cache/go"), GOENV: "off" },
  };
  const options = ["-trimpath", "-ldflags=-s -w", "-o", resolve(output)];
  await run(go, ["build", ...options, "."], { cwd: folder, env });
}

/**
 * Returns a recent enough Go: the machine's, or else Debian's packages, unpacked in a private
 * folder.
 */
export async function findGo(): Promise<{ go: string; root?: string }> {
  const installed = findProgram("go");
  if (installed !== undefined) {
    const version = await run(installed, ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } });
    if (Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0) >= GO_MINOR) return { go: installed };
  }
  const root = resolve(GO_ROOT);
  if (fileState(`${root}/bin/go`) === undefined) {
    const packages = ["golang-1.24-go", "golang-1.24-src"];
    await unpackPackages("go", { suite: "trixie", packages });
  }
  return { go: `${root}/bin/go`, root };
}
