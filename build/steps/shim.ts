import { basename, dirname } from "node:path";
import symbols from "../../third_party/libbpf/symbols.json" with { type: "json" };
import { BuildError } from "../lib/errors.ts";
import { programState, run } from "../lib/process.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";
import { DEPS, LIBBPF_VERSION_FILE } from "./third_party.ts";

/** Functions of libbpf that are replaced, and functions of libc that the libraries call by another name. */
const SYMBOLS = "third_party/libbpf/symbols.json";

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
  // libbpf's copies of kernel headers precede the machine's, which may be older.
  ...["-isystem", `${DEPS}/uapi`, "-isystem", `${DEPS}/include`],
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
 * Redefined opening functions of libbpf and zlib: in a confined thread, the broker opens files. See
 * `libbpf-shim/broker.c`.
 */
const OPENS = Object.entries(symbols.redefine)
  .flatMap(([name, by]) => ["--redefine-sym", `${name}=${by}`]);
const LIBRARIES = ["libbpf.a", "libelf.a", "libeu.a", "libz.a"].map((name) =>
  `${DEPS}/lib/${name}`
);

/** Linker options that put the shim's functions in the place of libbpf's. */
export function wrapOptions(): string[] {
  return Object.keys(symbols.wrap).map((name) => `-Wl,--wrap=${name}`);
}

/** Builds the shim: one shared library with libbpf, libelf and zlib inside, that needs only libc. */
export async function buildShim(): Promise<void> {
  const isSource = (path: string) => path.endsWith(".c");
  await runStep({
    name: "shim",
    inputs: ["libbpf-shim", "build/steps/shim.ts", SYMBOLS, LIBBPF_VERSION_FILE, ...LIBRARIES],
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

/** The shim with gates that SHIM_TEST_GATES leaves out, for `tests/ebpf/gates_test.ts` only. */
export const GATES_SHIM = "dist/tests/libbpf-shim-gates.so";

/** Builds {@linkcode GATES_SHIM}; not optimized, since it only runs in one test. */
export async function buildGatesShim(): Promise<void> {
  await runStep({
    name: "shim without gates",
    inputs: ["libbpf-shim", "build/steps/shim.ts", SYMBOLS, LIBBPF_VERSION_FILE, ...LIBRARIES],
    key: programState("clang"),
    outputs: [GATES_SHIM],
    make: () =>
      replaceFile(GATES_SHIM, async (path) => {
        const sources = filesUnder("libbpf-shim", (name) => name.endsWith(".c"));
        const libraries = await Promise.all(LIBRARIES.map(withOtherOpens));
        const options = COMPILE.filter((option) => !/^-(O2|D_FORTIFY_SOURCE)/.test(option));
        const defines = ["-DSHIM_TEST_GATES", '-DSHIM_LIBBPF_VERSION="gates"'];
        await run("clang", [...options, ...defines, ...LINK, "-o", path, ...sources, ...libraries]);
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
 * Returns the reasons why a shared library would not run on another machine: libraries other than
 * libc, and symbols of a newer glibc than the oldest supported one.
 *
 * @param description output of `llvm-readelf --needed-libs --version-info`
 */
export function linkProblems(description: string): string[] {
  const problems: string[] = [];
  const needed = /NeededLibraries \[([^\]]*)\]/.exec(description)?.[1]?.trim().split(/\s+/);
  if (needed === undefined) return ["not a shared library"];
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
