/** Guests in AssemblyScript. */
import { basename, dirname, join, resolve } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { filesUnder, replaceFile, runStep, writeFile } from "../lib/step.ts";

const SDK = "sdk/assemblyscript/assembly";

/** A module to be made of one AssemblyScript source. */
export interface AssemblyScriptGuest {
  readonly source: string;
  /** Folder of eBPF objects: `X.bpf.o` is `X` of the module `./objects`. */
  readonly objects: string;
  readonly output: string;
}

/** As small as it goes; memory that is allocated stays so. */
const OPTIONS = [
  ...["-Oz", "--converge", "--noAssert", "--runtime", "stub", "--exportStart", "_start"],
  ...["--use", "abort=wasm-bpf/wasi/abort"],
];

/** Builds a guest; it imports the SDK as `./wasm-bpf`, and its eBPF objects from `./objects`. */
export async function buildAssemblyScriptGuest(guest: AssemblyScriptGuest): Promise<void> {
  const { source, objects, output } = guest;
  const sources = filesUnder(dirname(source), (path) => path.endsWith(".ts"));
  const embedded = filesUnder(objects);
  await runStep({
    name: source,
    inputs: [
      ...sources,
      ...filesUnder(SDK),
      ...embedded,
      "build/steps/assemblyscript.ts",
      "deno.lock",
    ],
    outputs: [output],
    make: () => replaceFile(output, (path) => compile(guest, embedded, path)),
  });
}

async function compile(
  { source }: AssemblyScriptGuest,
  embedded: readonly string[],
  output: string,
): Promise<void> {
  const folder = join(".cache/assemblyscript", dirname(source));
  const modules = embedded.map((path) => embed(path)).join("");
  writeFile(join(folder, "objects.ts"), modules);
  for (const path of filesUnder(dirname(source), (file) => file.endsWith(".ts"))) {
    writeFile(join(folder, basename(path)), await Deno.readTextFile(path));
  }
  for (const path of filesUnder(SDK)) {
    writeFile(join(folder, "wasm-bpf", basename(path)), await Deno.readTextFile(path));
  }
  // The compiler is 15 MB: only those who need it pay for it.
  const { default: asc } = await import("assemblyscript/asc");
  const options = [
    ...["--baseDir", folder, basename(source), "--outFile", resolve(output)],
    ...OPTIONS,
  ];
  const { error, stderr } = await asc.main(options);
  if (error === null) return;
  throw new BuildError(`Cannot compile ${source}: ${error.message}\n${stderr.toString()}`);
}

/** An object as a constant of AssemblyScript, which has no way to include a file. */
function embed(path: string): string {
  const bytes = Deno.readFileSync(path);
  const name = basename(path).replace(/\..*$/, "").replaceAll(/\W/g, "_");
  return `export const ${name}: usize = memory.data<u8>([${bytes.join(",")}]);\n` +
    `export const ${name}_size: u32 = ${bytes.length};\n`;
}
