import { resolve } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { copyFile, filesUnder, runStep, type Step, writeFile } from "../lib/step.ts";
import { NATIVE, stepName, type Target } from "../lib/target.ts";
import { type Library, type Source, sourcesOf, unpackSource } from "./sources.ts";

/** Where headers and static libraries of the libraries below are put. */
export const DEPS = NATIVE.deps;

/** Holds the version of the libbpf that was built: a stand-in may have been taken for the pinned one. */
export const LIBBPF_VERSION_FILE = `${DEPS}/libbpf.version`;

const JOBS = `-j${navigator.hardwareConcurrency}`;
/** Position independent, since it all ends in one shared library, of which the linker drops what nothing uses. */
const CFLAGS = "-O2 -fPIC -ffunction-sections -fdata-sections -w";

/** Builds zlib, libelf and libbpf as static libraries, under {@linkcode DEPS} for this machine. */
export async function buildThirdParty(target: Target = NATIVE): Promise<void> {
  await runStep(
    step(target, "zlib", ["include/zlib.h", "include/zconf.h", "lib/libz.a"], makeZlib),
  );
  await runStep(step(target, "elfutils", [
    ...["include/libelf.h", "include/gelf.h"],
    ...["lib/libelf.a", "lib/libeu.a"],
  ], makeElfutils));
  await runStep(step(
    target,
    "libbpf",
    [
      ...["include/bpf/libbpf.h", "include/bpf/bpf_helpers.h", "uapi/linux/bpf.h"],
      ...["lib/libbpf.a", "libbpf.version"],
    ],
    makeLibbpf,
    [PATCHES],
  ));
}

function step(
  target: Target,
  library: Library,
  outputs: readonly string[],
  make: (source: string, target: Target) => Promise<string>,
  inputs: readonly string[] = [],
): Step {
  const sources = sourcesOf(library);
  return {
    name: stepName(`${library} ${sources[0]?.version}`, target),
    inputs: ["build/steps/third_party.ts", ...inputs],
    key: sources,
    outputs: outputs.map((path) => `${target.deps}/${path}`),
    async make(): Promise<string | undefined> {
      const folder = resolve(".cache/build", target.name, library);
      const source = await unpackSource(library, folder);
      install(await make(folder, target), source);
      await Deno.remove(folder, { recursive: true });
      if (source !== sources[0]) {
        return `${source.version} is used: no Debian suite has the preferred release`;
      }
      return undefined;
    },
  };

  function install(prefix: string, source: Source): void {
    for (const path of filesUnder(prefix)) {
      copyFile(path, `${target.deps}/${path.slice(prefix.length + 1)}`);
    }
    if (library === "libbpf") writeFile(`${target.deps}/libbpf.version`, source.version);
  }
}

/** LLVM's programs, which read objects of all processors. */
const ARCHIVER = { AR: "llvm-ar", RANLIB: "llvm-ranlib" };

async function makeZlib(source: string, { compiler }: Target): Promise<string> {
  const prefix = `${source}/prefix`;
  const options = { cwd: source, env: { CC: compiler.join(" "), CFLAGS, ...ARCHIVER } };
  await run("./configure", ["--static"], options);
  await run("make", [JOBS, "libz.a"], options);
  for (const name of ["zlib.h", "zconf.h"]) {
    copyFile(`${source}/${name}`, `${prefix}/include/${name}`);
  }
  copyFile(`${source}/libz.a`, `${prefix}/lib/libz.a`);
  return prefix;
}

/** Options for elfutils' configure: a libelf that needs nothing but zlib. */
export function withoutFeatures(): string[] {
  const without = ["bzlib", "lzma", "zstd"].map((name) => `--without-${name}`);
  const disabled = ["debuginfod", "libdebuginfod", "nls", "demangler"].map((it) =>
    `--disable-${it}`
  );
  return [...disabled, ...without];
}

async function makeElfutils(source: string, target: Target): Promise<string> {
  const prefix = `${source}/prefix`;
  const deps = resolve(target.deps);
  const env = {
    ...ARCHIVER,
    CC: target.compiler.join(" "),
    CFLAGS: `${CFLAGS} -I${deps}/include`,
    LDFLAGS: `-L${deps}/lib`,
  };
  await run("./configure", [...target.configure, ...withoutFeatures()], { cwd: source, env });
  await run("make", [JOBS, "-C", "lib"], { cwd: source });
  await run("make", [JOBS, "-C", "libelf", "libelf_pic.a"], { cwd: source });
  for (const name of ["libelf.h", "gelf.h"]) {
    copyFile(`${source}/libelf/${name}`, `${prefix}/include/${name}`);
  }
  copyFile(`${source}/libelf/libelf_pic.a`, `${prefix}/lib/libelf.a`);
  copyFile(`${source}/lib/libeu.a`, `${prefix}/lib/libeu.a`);
  return prefix;
}

/**
 * CVE-2025-29481: up to libbpf 1.5, a program's place in its section is compared with the section's
 * size without a look at an overflow, and the bytes of any place in memory become its instructions.
 * What 1.6 compares as well, in the words of ours.
 *
 * @param code of libbpf.c
 * @throws {BuildError} when it is neither of the forms that are known
 */
export function withCheckedSections(code: string): string {
  const fixed = "if (sec_off + prog_sz > sec_sz || sec_off + prog_sz < sec_off) {";
  if (code.includes(fixed)) return code;
  const parts = code.split("if (sec_off + prog_sz > sec_sz) {");
  if (parts.length === 2) return parts.join(fixed);
  throw new BuildError("Cannot find where libbpf.c compares a program with its section");
}

async function makeLibbpf(source: string, target: Target): Promise<string> {
  const prefix = `${source}/prefix`;
  const main = `${source}/src/libbpf.c`;
  writeFile(main, withCheckedSections(await Deno.readTextFile(main)));
  await patchLibbpf(source);
  const variables = [
    ...["BUILD_STATIC_ONLY=1", "NO_PKG_CONFIG=1", "LIBSUBDIR=lib", "AR=llvm-ar"],
    ...[`CC=${target.compiler.join(" ")}`, `CFLAGS=${CFLAGS} -I${resolve(target.deps)}/include`],
    ...[`PREFIX=${prefix}`, "DESTDIR="],
  ];
  const make = (target: string, ...more: string[]) =>
    run("make", [JOBS, "-C", `${source}/src`, target, ...variables, ...more]);
  await make("install");
  // The kernel's interface of this libbpf, which may be newer than the machine's headers.
  await make("install_uapi_headers", `UAPIDIR=${prefix}/uapi`);
  await Deno.remove(`${prefix}/lib/pkgconfig`, { recursive: true });
  return prefix;
}

/** One file a place, applied in the order of their names; each starts with its reason. */
export const PATCHES = "third_party/libbpf/patches";

/**
 * Applies the patches to an unpacked source of libbpf.
 *
 * @throws {BuildError} when one does not apply exactly
 */
export async function patchLibbpf(source: string): Promise<void> {
  for (const path of filesUnder(PATCHES, (path) => path.endsWith(".patch")).sort()) {
    try {
      const options = ["-p1", "--fuzz=0", "--no-backup-if-mismatch", "--silent"];
      const input = await Deno.realPath(path);
      await run("patch", [...options, "--directory", source, "--input", input]);
    } catch (cause) {
      if (!(cause instanceof BuildError)) throw cause;
      throw new BuildError(`Cannot apply ${path}: ${cause.message}`, {
        hint: "this release of libbpf differs there: compare the patch with its source",
        cause,
      });
    }
  }
}
