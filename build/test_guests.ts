import { basename, join, resolve } from "node:path";
import { writeDocExamples } from "./doc_examples.ts";
import { buildCGuests, filesIn, type GuestFolder, guestFolders, publishObjects } from "./guests.ts";
import { findProgram, programState } from "./programs.ts";
import { run } from "./process.ts";
import { assemble } from "./pump.ts";
import { fileState, filesUnder, replaceFile, runStep, writeFile } from "./step.ts";
import { unpackPackages } from "./test_tools.ts";
import { buildWasiSuite, WASI_SUITE } from "./wasi_suite.ts";

/** Debian's compiler: the one that comes with a standard library for WASI. */
const RUSTC = "/usr/bin/rustc";
const RUST_WASI = "/usr/lib/rustlib/wasm32-wasi/lib";

/** The first release that lets a module export functions. */
const GO_MINOR = 24;
const GO_ROOT = ".cache/tools/go/usr/lib/go-1.24";

/** Builds the guests that only tests run: in C, Rust, Go and WebAssembly text, whatever their folder holds. */
export async function buildTestGuests(): Promise<void> {
  await buildWasiSuite();
  await writeDocExamples();
  for (const folder of guestFolders("tests/guests", "dist/tests")) {
    if (folder.path === WASI_SUITE) continue;
    await buildCGuests(folder);
    publishObjects(folder);
    await assembleGuests(folder);
    await buildRustGuests(folder);
    await buildGoGuests(folder);
  }
}

async function assembleGuests(folder: GuestFolder): Promise<void> {
  for (const source of filesIn(folder, ".wat")) {
    const output = moduleOf(folder, source);
    await runStep({
      name: source,
      inputs: [source, "build/pump.ts"],
      outputs: [output],
      make: async () => writeFile(output, await assemble(source)),
    });
  }
}

async function buildRustGuests(folder: GuestFolder): Promise<void> {
  const sources = filesIn(folder, ".rs");
  if (sources.length === 0 || [RUSTC, RUST_WASI].some((path) => fileState(path) === undefined)) {
    return;
  }
  for (const source of sources) {
    const output = moduleOf(folder, source);
    await runStep({
      name: source,
      inputs: [source, ...filesUnder(folder.objects), "build/test_guests.ts"],
      key: programState("rustc"),
      outputs: [output],
      make: () =>
        replaceFile(output, async (path) => {
          await run(RUSTC, [
            ...["--edition", "2021", "--target", "wasm32-wasi", "-O", "-D", "warnings"],
            ...["-C", "link-args=--export-table", "-C", "panic=abort", "-C", "strip=symbols"],
            ...[source, "-o", path],
          ], { env: { OBJECTS: resolve(folder.objects) } });
        }),
    });
  }
}

async function buildGoGuests(folder: GuestFolder): Promise<void> {
  const sources = filesIn(folder, ".go");
  if (sources.length === 0) return;
  const output = join(folder.output, `${basename(folder.path)}.wasm`);
  await runStep({
    name: `${folder.path} (Go)`,
    inputs: [...sources, ...filesUnder(folder.objects), "build/test_guests.ts"],
    outputs: [output],
    make: () => replaceFile(output, (path) => compileGo(folder, path)),
  });
}

async function compileGo(folder: GuestFolder, output: string): Promise<void> {
  const { go, root } = await findGo();
  const args = ["build", "-trimpath", "-ldflags=-s -w", "-o", resolve(output)];
  const env = {
    ...(root === undefined ? {} : { GOROOT: root }),
    ...{ GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
    ...{ GOPROXY: "off", GOWORK: "off", GOCACHE: resolve(".cache/go"), GOENV: "off" },
  };
  const sources = filesIn(folder, ".go").map((path) => basename(path));
  await run(go, [...args, ...(fileState(join(folder.path, "go.mod")) ? ["."] : sources)], {
    cwd: folder.path,
    env,
  });
}

/** A Go that is new enough: the machine's, or else Debian's packages, unpacked where they disturb nobody. */
async function findGo(): Promise<{ go: string; root?: string }> {
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

function moduleOf(folder: GuestFolder, source: string): string {
  return join(folder.output, basename(source).replace(/\.\w+$/, ".wasm"));
}
