/** Guests in Go, for `GOOS=wasip1`. */
import { basename, join, resolve } from "node:path";
import { findProgram, programState } from "./programs.ts";
import { run } from "./process.ts";
import { fileState, filesUnder, replaceFile, runStep } from "./step.ts";
import { unpackPackages } from "./test_tools.ts";

/** The first release that lets a module export functions. */
const GO_MINOR = 24;
const GO_ROOT = ".cache/tools/go/usr/lib/go-1.24";

/** A module to be made of a folder of Go sources. */
export interface GoGuest {
  readonly path: string;
  /** Folder of eBPF objects, whose files are copied beside the sources to be embedded. */
  readonly objects: string;
  readonly output: string;
}

/** Builds a guest: the folder's module where it has a `go.mod`, else its files as one program. */
export async function buildGoGuest({ path, objects, output }: GoGuest): Promise<void> {
  const sources = filesUnder(path, (file) => /\.go$|\/go\.mod$/.test(file));
  await runStep({
    name: `${path} (Go)`,
    inputs: [...sources, ...filesUnder(objects), "build/go.ts"],
    key: programState("go"),
    outputs: [output],
    make: () => replaceFile(output, (to) => compile(path, to)),
  });
}

async function compile(path: string, output: string): Promise<void> {
  const { go, root } = await findGo();
  const args = ["build", "-trimpath", "-ldflags=-s -w", "-o", resolve(output)];
  const env = {
    ...(root === undefined ? {} : { GOROOT: root }),
    ...{ GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
    ...{ GOPROXY: "off", GOWORK: "off", GOCACHE: resolve(".cache/go"), GOENV: "off" },
  };
  const files = filesUnder(path, (file) => file.endsWith(".go")).map((file) => basename(file));
  await run(go, [...args, ...(fileState(join(path, "go.mod")) ? ["."] : files)], {
    cwd: path,
    env,
  });
}

/** A Go that is new enough: the machine's, or else Debian's packages, unpacked where they disturb nobody. */
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
