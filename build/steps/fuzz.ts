/** The fuzz of eBPF objects: shim, libbpf and libelf under sanitizers, and the samples to change. */
import { basename, resolve } from "node:path";
import { compileObject } from "./guests.ts";
import { DEPS, PATCHES, patchLibbpf, withCheckedSections, withoutFeatures } from "./third_party.ts";
import { programState, run } from "../lib/process.ts";
import { wrapOptions } from "./shim.ts";
import { sourcesOf, unpackSource } from "./sources.ts";
import { copyFile, filesUnder, replaceFile, runStep, writeFile } from "../lib/step.ts";

const FOLDER = ".cache/fuzz";
/** Opens and loads changed objects; see `tests/fuzz/main.c`. */
export const FUZZ = `${FOLDER}/objects`;
/** Objects that only the fuzz has, by both compilers. */
const SAMPLES = `${FOLDER}/samples`;
/** Types of the running kernel; of the samples, this one is not an object to load. */
export const FUZZ_TYPES = `${SAMPLES}/kernel_types.o`;

/** The clang whose sanitizers there are packages of. */
const CLANG = "clang-19";
/**
 * Without the checks that libbpf fails where nothing can come of it: it reads at addresses that are
 * not aligned, and takes sizes of members of NULL.
 */
const SANITIZE = [
  "-fsanitize=address,undefined",
  "-fno-sanitize=alignment,pointer-overflow,null,object-size,nonnull-attribute",
  "-fno-sanitize-recover=undefined",
];
const FLAGS = ["-O1", "-g", "-fno-omit-frame-pointer"];
const JOBS = `-j${navigator.hardwareConcurrency}`;
const LIBRARIES = ["libbpf.a", "libelf.a", "libeu.a"].map((name) => `${FOLDER}/lib/${name}`);

/** Calls that `tests/fuzz/kernel.c` takes the place of, next to those of the shim. */
const STOOD_IN = ["btf__free", "syscall", "fopen64", "gzopen64"];

/** Builds the fuzz, and what it changes. */
export async function buildFuzz(): Promise<void> {
  await buildElf();
  await buildLibbpf();
  await buildSamples();
  await runStep({
    name: "fuzz of eBPF objects",
    inputs: [
      "libbpf-shim",
      "tests/fuzz",
      "build/steps/fuzz.ts",
      "build/steps/shim.ts",
      ...LIBRARIES,
    ],
    key: programState(CLANG),
    outputs: [FUZZ],
    make: () => replaceFile(FUZZ, linkFuzz),
  });
}

async function linkFuzz(path: string): Promise<void> {
  // The file with the kernel's types wraps a function that the fuzz has its own of.
  const isShim = (name: string) => name.endsWith(".c") && basename(name) !== "kernel_types.c";
  const isFuzz = (name: string) => /^tests\/fuzz\/[^/]+\.c$/.test(name);
  await run(CLANG, [
    ...["-std=gnu11", "-D_GNU_SOURCE", "-w", '-DSHIM_LIBBPF_VERSION="fuzz"'],
    ...[...FLAGS, ...SANITIZE, "-isystem", `${DEPS}/uapi`, "-isystem", `${DEPS}/include`],
    ...[...wrapOptions(), ...STOOD_IN.map((name) => `-Wl,--wrap=${name}`), "-o", path],
    ...[...filesUnder("tests/fuzz", isFuzz), ...filesUnder("libbpf-shim", isShim)],
    ...[...LIBRARIES, `${DEPS}/lib/libz.a`],
  ]);
}

async function buildElf(): Promise<void> {
  const outputs = LIBRARIES.slice(1);
  await runStep({
    name: "elfutils with sanitizers",
    inputs: ["build/steps/fuzz.ts", "build/steps/third_party.ts"],
    key: sourcesOf("elfutils"),
    outputs,
    make: async () => {
      const folder = resolve(".cache/build/fuzz-elfutils");
      await unpackSource("elfutils", folder);
      const flags = `${FLAGS.join(" ")} -fPIC -w -I${resolve(DEPS)}/include`;
      const env = { CC: CLANG, CFLAGS: flags, LDFLAGS: `-L${resolve(DEPS)}/lib` };
      await run("./configure", withoutFeatures(), { cwd: folder, env });
      // Its tests of the compiler do not link with them.
      const sanitized = `CFLAGS=${flags} -fsanitize=address`;
      await run("make", [JOBS, "-C", "lib", sanitized], { cwd: folder });
      await run("make", [JOBS, "-C", "libelf", "libelf_pic.a", sanitized], { cwd: folder });
      copyFile(`${folder}/libelf/libelf_pic.a`, outputs[0] ?? "");
      copyFile(`${folder}/lib/libeu.a`, outputs[1] ?? "");
      await Deno.remove(folder, { recursive: true });
    },
  });
}

async function buildLibbpf(): Promise<void> {
  const output = LIBRARIES[0] ?? "";
  await runStep({
    name: "libbpf with sanitizers",
    inputs: ["build/steps/fuzz.ts", "build/steps/third_party.ts", PATCHES],
    key: sourcesOf("libbpf"),
    outputs: [output],
    make: async () => {
      const folder = resolve(".cache/build/fuzz-libbpf");
      await unpackSource("libbpf", folder);
      const main = `${folder}/src/libbpf.c`;
      writeFile(main, withCheckedSections(await Deno.readTextFile(main)));
      await patchLibbpf(folder);
      const flags = [...FLAGS, ...SANITIZE, "-w", `-I${resolve(DEPS)}/include`].join(" ");
      const options = ["BUILD_STATIC_ONLY=1", "NO_PKG_CONFIG=1", `CC=${CLANG}`, `CFLAGS=${flags}`];
      await run("make", [JOBS, "-C", `${folder}/src`, ...options]);
      copyFile(`${folder}/src/libbpf.a`, output);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

async function buildSamples(): Promise<void> {
  for (const source of filesUnder("tests/fuzz/corpus", (path) => path.endsWith(".c"))) {
    const name = basename(source).replace(/(\.bpf)?\.c$/, "");
    for (const compiler of name === "kernel_types" ? ["clang"] : ["clang", CLANG]) {
      const suffix = compiler === "clang" ? "" : `.${compiler}`;
      const output = `${SAMPLES}/${name}${suffix}.o`;
      await runStep({
        name: `${source} by ${compiler}`,
        inputs: [source, "build/steps/fuzz.ts", "build/steps/guests.ts"],
        key: programState(compiler),
        outputs: [output],
        make: () => replaceFile(output, (path) => compileObject(compiler, source, path)),
      });
    }
  }
}
