import { join } from "node:path";
import symbols from "../../third_party/libbpf/symbols.json" with { type: "json" };
import { BuildError } from "../lib/errors.ts";
import { programState, run } from "../lib/process.ts";
import { filesUnder, replaceFile, runStep } from "../lib/step.ts";
import { NATIVE, stepName, type Target } from "../lib/target.ts";

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
];

/** Returns the compiler for a target, and the headers of its libraries. */
function compilerOf({ compiler, deps }: Target): [string, ...string[]] {
  const [program = "clang", ...options] = compiler;
  // libbpf's copies of kernel headers precede the machine's, which may be older.
  return [program, "-isystem", `${deps}/uapi`, "-isystem", `${deps}/include`, ...options];
}

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
const LIBRARIES = ["libbpf.a", "libelf.a", "libeu.a", "libz.a"];

/** Returns what the shim is made of. */
function inputsOf({ deps }: Target): string[] {
  const libraries = LIBRARIES.map((name) => `${deps}/lib/${name}`);
  return [
    ...["libbpf-shim", "build/steps/shim.ts", "build/lib/target.ts", SYMBOLS],
    ...[`${deps}/libbpf.version`, ...libraries],
  ];
}

/** Linker options that put the shim's functions in the place of libbpf's. */
export function wrapOptions(): string[] {
  return Object.keys(symbols.wrap).map((name) => `-Wl,--wrap=${name}`);
}

/**
 * Builds the shim: one shared library with libbpf, libelf and zlib inside, that needs only libc.
 */
export async function buildShim(target: Target = NATIVE, output = SHIM): Promise<void> {
  const isSource = (path: string) => path.endsWith(".c");
  await runStep({
    name: stepName("shim", target),
    inputs: inputsOf(target),
    key: programState("clang"),
    outputs: [output],
    make: () =>
      replaceFile(output, async (path) => {
        const version = (await Deno.readTextFile(`${target.deps}/libbpf.version`)).trim();
        const sources = filesUnder("libbpf-shim", isSource);
        const define = `-DSHIM_LIBBPF_VERSION="${version}"`;
        const libraries = await librariesWithOtherOpens(target);
        const [clang, ...options] = compilerOf(target);
        await run(
          clang,
          [...options, ...COMPILE, define, ...LINK, "-o", path, ...sources, ...libraries],
        );
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
    inputs: inputsOf(NATIVE),
    key: programState("clang"),
    outputs: [GATES_SHIM],
    make: () =>
      replaceFile(GATES_SHIM, async (path) => {
        const sources = filesUnder("libbpf-shim", (name) => name.endsWith(".c"));
        const libraries = await librariesWithOtherOpens(NATIVE);
        const [clang, ...headers] = compilerOf(NATIVE);
        const options = COMPILE.filter((option) => !/^-(O2|D_FORTIFY_SOURCE)/.test(option));
        const defines = ["-DSHIM_TEST_GATES", '-DSHIM_LIBBPF_VERSION="gates"'];
        await run(
          clang,
          [...headers, ...options, ...defines, ...LINK, "-o", path, ...sources, ...libraries],
        );
      }),
  });
}

/** Returns copies of the static libraries that open files our way. */
async function librariesWithOtherOpens({ name, deps }: Target): Promise<string[]> {
  const folder = `.cache/shim/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  return await Promise.all(LIBRARIES.map(async (library) => {
    const copy = join(folder, library);
    await run("llvm-objcopy", [...OPENS, `${deps}/lib/${library}`, copy]);
    return copy;
  }));
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
