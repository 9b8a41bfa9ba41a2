import { basename, dirname, join } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { programState, run } from "../lib/process.ts";
import { copyFile, fileState, filesUnder, replaceFile, runStep } from "../lib/step.ts";
import { DEPS, LIBBPF_VERSION_FILE } from "./third_party.ts";

/** Architecture of a kernel, as `Deno.build.arch` has it. */
export type Arch = typeof Deno.build.arch;

/** Architectures that tools are built for. */
export const ARCHES: readonly Arch[] = ["x86_64", "aarch64"];

/** A folder of guest programs, and where what is made of it goes. */
export interface GuestFolder {
  /** Source folder, such as "examples/bootstrap". */
  readonly path: string;
  /** Folder of the modules, such as "dist/examples". */
  readonly output: string;
  /** Folder of the eBPF objects, which the modules embed. */
  readonly objects: string;
  /** Folder of headers that it shares with others. */
  readonly shared?: string;
  /** Architecture of the kernel that the objects are for; the default is that of this machine. */
  readonly arch?: Arch;
}

/** Headers for the eBPF half. */
export const BPF_SDK = "sdk/bpf";

const SDK = "sdk/c/include";

const EBPF_OPTIONS = [
  ...["-g", "-O2", "-Wall", "-Werror", "-target", "bpf"],
  ...["-isystem", `${DEPS}/uapi`, "-isystem", `${DEPS}/include`],
  // Where Debian keeps <asm/types.h>.
  ...["-idirafter", `/usr/include/${Deno.build.arch}-linux-gnu`],
  // BTF keeps the sources' paths: an object is the same wherever the checkout is.
  `-ffile-prefix-map=${Deno.cwd()}=.`,
];

const WASM_OPTIONS = [
  ...["--target=wasm32-wasi", "-O2", "-Wall", "-Wextra", "-Werror"],
  ...["--sysroot=/", "-isystem", "/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi", `-I${SDK}`],
  ...["-Wl,--export-table", "-Wl,--strip-all"],
];

/** The folders below a folder, each of which holds guests. */
export function guestFolders(parent: string, output: string): GuestFolder[] {
  const names = new Set(
    filesUnder(parent).map((path) => path.slice(parent.length + 1).split("/"))
      .filter((parts) => parts.length > 1).map((parts) => parts[0] ?? ""),
  );
  return [...names].map((name) => ({
    path: join(parent, name),
    output,
    objects: join(".cache/guests", parent, name),
  }));
}

/**
 * Builds the C guests of a folder: each `X.bpf.c` becomes an eBPF object, each other `X.c` the module
 * `X.wasm`, which may embed any of those objects by file name.
 */
export async function buildCGuests(folder: GuestFolder): Promise<void> {
  const parts = filesUnder(folder.objects, (path) => path.endsWith(".inc"));
  const objects = [...await buildObjects(folder), ...parts];
  for (const source of filesIn(folder, ".c").filter((path) => !path.endsWith(".bpf.c"))) {
    const output = join(folder.output, basename(source).replace(/\.c$/, ".wasm"));
    await buildCModule(folder, { source, objects, output });
  }
}

/** Builds a folder's eBPF halves, `X.bpf.c` to `X.bpf.o`; their paths. */
export async function buildObjects(folder: GuestFolder): Promise<string[]> {
  const objects: string[] = [];
  for (const source of filesIn(folder, ".bpf.c")) objects.push(await buildObject(folder, source));
  return objects;
}

/** The files of a guest's folder itself with this ending. */
export function filesIn(folder: GuestFolder, ending: string): string[] {
  return filesUnder(folder.path, (path) => dirname(path) === folder.path && path.endsWith(ending));
}

/** Compiles one eBPF object, with its debug information. */
export async function compileObject(
  compiler: string,
  source: string,
  output: string,
  options: readonly string[] = [],
  arch: Arch = Deno.build.arch,
): Promise<void> {
  const define = `-D__TARGET_ARCH_${arch === "x86_64" ? "x86" : "arm64"}`;
  await run(compiler, [...EBPF_OPTIONS, define, ...options, "-c", source, "-o", output]);
}

async function buildObject(folder: GuestFolder, source: string): Promise<string> {
  const output = join(folder.objects, basename(source).replace(/\.c$/, ".o"));
  await runStep({
    name: folder.arch === undefined ? source : `${source} (${folder.arch})`,
    inputs: [
      ...[
        source,
        ...filesIn(folder, ".h"),
        ...(folder.shared === undefined ? [] : [folder.shared]),
      ],
      ...[LIBBPF_VERSION_FILE, BPF_SDK, "build/steps/guests.ts"],
    ],
    key: programState("clang"),
    outputs: [output],
    make: () =>
      replaceFile(output, async (path) => {
        const include = [BPF_SDK, ...(folder.shared === undefined ? [] : [folder.shared])]
          .map((path) => `-I${path}`);
        await compileObject("clang", source, path, include, folder.arch);
        // Drops DWARF, and keeps BTF; but not its relocations, which are for linkers.
        const dropped = [".rel.BTF", ".rel.BTF.ext"].map((name) => `--remove-section=${name}`);
        await run("llvm-objcopy", ["--strip-debug", ...dropped, path]);
      }),
  });
  return output;
}

/** A module to be made of one C source. */
export interface CModule {
  readonly source: string;
  /** eBPF objects that it may embed, and parts of its source that were made. */
  readonly objects: readonly string[];
  readonly output: string;
  /** Options that follow the usual ones. */
  readonly options?: readonly string[];
  /** Name of the step; default: the source. */
  readonly name?: string;
  /** True to spend a second on making it smaller. */
  readonly shrink?: boolean;
}

/** Builds a C guest; it may include the headers of its own folder, `folder`'s, those it shares, and the SDK's. */
export async function buildCModule(folder: GuestFolder, module: CModule): Promise<void> {
  const { source, objects, output, options = [], shrink = false } = module;
  const folders = [folder.path, ...(folder.shared === undefined ? [] : [folder.shared])];
  const headers = [...new Set([...folders, dirname(source)])].flatMap((path) =>
    filesUnder(path, (header) => dirname(header) === path && header.endsWith(".h"))
  );
  await runStep({
    name: module.name ?? source,
    inputs: [source, ...headers, SDK, ...objects, "build/steps/guests.ts"],
    key: [programState("clang"), options, shrink],
    outputs: [output],
    make: () =>
      replaceFile(output, async (path) => {
        // One for the compiler, and one for the assembler's .incbin.
        const include = [
          ...[...folders, folder.objects].map((path) => `-I${path}`),
          `-Wa,-I${folder.objects}`,
        ];
        await run("clang", [...WASM_OPTIONS, ...options, ...include, source, "-o", path]);
        if (shrink) await shrinkModule(path);
      }),
  });
}

/** Copies a folder's eBPF objects to its modules, for tests that load them by path. */
export function publishObjects(folder: GuestFolder): void {
  for (const path of filesUnder(folder.objects, (path) => path.endsWith(".o"))) {
    const to = join(folder.output, basename(path));
    if (fileState(to) === undefined || newer(path, to)) copyFile(path, to);
  }
}

function newer(path: string, than: string): boolean {
  return (Deno.statSync(path).mtime ?? 0) > (Deno.statSync(than).mtime ?? 0);
}

/** Rewrites a module in place. */
export async function shrinkModule(path: string): Promise<void> {
  // Several megabytes of it: only for who needs it.
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(await Deno.readFile(path));
  try {
    const { Features } = binaryen;
    // Features that compilers for WASI assume, and every runtime has.
    module.setFeatures(
      Features.MutableGlobals | Features.SignExt | Features.BulkMemory |
        Features.NontrappingFPToInt,
    );
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(2);
    module.optimize();
    if (!module.validate()) {
      throw new BuildError(`Cannot make ${path} smaller: it is not valid then`);
    }
    await Deno.writeFile(path, module.emitBinary());
  } finally {
    module.dispose();
  }
}
