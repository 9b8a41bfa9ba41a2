import { basename, dirname } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";
import { DEPS, LIBBPF_VERSION_FILE } from "./third_party.ts";
import { programState } from "./programs.ts";

/** The shared library that `ffi/` loads. */
export const SHIM = "dist/lib/libbpf-shim.so";

const NEWEST_GLIBC = "2.34";

const COMPILE = [
  ...[
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-O2",
    "-fPIC",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fvisibility=hidden",
  ],
  ...["-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-ffunction-sections", "-fdata-sections"],
  // libbpf's copies of the kernel's headers come before the machine's, which may be older.
  ...["-isystem", `${DEPS}/uapi`, "-isystem", `${DEPS}/include`],
];
/**
 * Functions of libbpf that the shim takes the place of: see `libbpf-shim/kernel_types.c`,
 * `map_create.c`, `program_load.c`, `probe_attach.c`.
 */
const WRAPPED = [
  "btf__load_vmlinux_btf",
  "bpf_map_create",
  "bpf_prog_load",
  "feat_supported",
  "bpf_program__attach_uprobe_opts",
  "bpf_program__attach_uprobe_multi",
];
const LINK = [
  ...[
    "-shared",
    "-s",
    "-Wl,--exclude-libs,ALL",
    "-Wl,--version-script=libbpf-shim/libbpf-shim.map",
  ],
  ...["-Wl,-z,relro,-z,now", "-Wl,-z,defs", "-Wl,--gc-sections"],
  ...wrapOptions(),
];
/**
 * How libbpf and zlib open files, and what does it instead: once a guest's thread is confined, another
 * has to. See `libbpf-shim/errand.c`.
 */
const OPENS = [
  ...["--redefine-sym", "open=shim_library_open", "--redefine-sym", "open64=shim_library_open"],
  ...["--redefine-sym", "fopen=shim_library_fopen", "--redefine-sym", "fopen64=shim_library_fopen"],
];
const LIBRARIES = ["libbpf.a", "libelf.a", "libeu.a", "libz.a"].map((name) =>
  `${DEPS}/lib/${name}`
);

/** Linker options that put the shim's functions in the place of libbpf's. */
export function wrapOptions(): string[] {
  return WRAPPED.map((name) => `-Wl,--wrap=${name}`);
}

/** Builds the shim: one shared library with libbpf, libelf and zlib inside, that needs only libc. */
export async function buildShim(): Promise<void> {
  const isSource = (path: string) => path.endsWith(".c");
  await runStep({
    name: "shim",
    inputs: ["libbpf-shim", "build/steps/shim.ts", LIBBPF_VERSION_FILE, ...LIBRARIES],
    key: programState("clang"),
    outputs: [SHIM],
    make: () =>
      replaceFile(SHIM, async (path) => {
        const version = (await Deno.readTextFile(LIBBPF_VERSION_FILE)).trim();
        const sources = filesUnder("libbpf-shim", isSource);
        const define = `-DSHIM_LIBBPF_VERSION="${version}"`;
        const libraries = await Promise.all(LIBRARIES.map(withOtherOpens));
        await run("clang", [...COMPILE, define, ...LINK, "-o", path, ...sources, ...libraries]);
        const problems = linkProblems(
          await run("llvm-readelf", ["--needed-libs", "--version-info", path]),
        );
        if (problems.length > 0) {
          throw new BuildError(`Cannot use the shim just built: ${problems.join("; ")}`);
        }
      }),
  });
}

/** A copy of a static library that opens files our way. */
async function withOtherOpens(library: string): Promise<string> {
  const copy = `.cache/shim/${basename(library)}`;
  await Deno.mkdir(dirname(copy), { recursive: true });
  await run("llvm-objcopy", [...OPENS, library, copy]);
  return copy;
}

/**
 * What keeps a shared library from running on another machine: libraries it needs beside libc, and
 * symbols of a newer glibc than the ones we promise to run on.
 *
 * @param description what `llvm-readelf --needed-libs --version-info` prints
 */
export function linkProblems(description: string): string[] {
  const problems: string[] = [];
  const needed = /NeededLibraries \[([^\]]*)\]/.exec(description)?.[1]?.trim().split(/\s+/);
  if (needed === undefined) return ["it is no shared library"];
  for (const name of needed) {
    if (name !== "libc.so.6" && !name.startsWith("ld-linux")) problems.push(`it needs ${name}`);
  }
  for (const [, version = ""] of description.matchAll(/Name: GLIBC_([\d.]+)/g)) {
    if (isNewer(version, NEWEST_GLIBC)) problems.push(`it needs GLIBC_${version}`);
  }
  return problems;
}

function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number));
  for (let i = 0; i < Math.max(a?.length ?? 0, b?.length ?? 0); i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
