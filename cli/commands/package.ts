/** `wasm-bpf package`: makes a package as eunomia-bpf's ecc does from an eBPF object. */
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { readInput } from "../module/input_file.ts";
import { STDOUT, writeOutput } from "../terminal/output_file.ts";

const OPTIONS = {
  "meta": {
    argument: "FILE",
    help: "take the metadata from FILE, JSON or YAML, instead of making it from the object",
  },
  "output": {
    short: "o",
    argument: "FILE",
    help: "write to FILE, whole or not at all, instead of standard output",
  },
  "help": { short: "h", help: "show this help" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `package`. */
export const PAGE: HelpPage = {
  usage: ["package [OPTIONS] OBJECT"],
  about: "Makes a package of an eBPF object and metadata, in the form of eunomia-bpf's ecc: ecli " +
    "and wasm-bpf run it, and wasm-bpf push sends it to a registry.",
  arguments: {
    OBJECT: "a compiled eBPF object (.bpf.o), a package, or - for standard input",
  },
  options: OPTIONS,
  notes: [
    "The metadata has the types of events, options, documentation and sampled maps, from BTF and " +
    "the annotations of records.bpf.h.",
  ],
};

/** 64 MiB, as for objects that are run. */
const MAX_BYTES = 64 << 20;

/** Makes the package. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [path, more] = line.rest;
  if (path === undefined) throw new UsageError("No object given");
  if (more !== undefined) throw new UsageError(`Too many arguments: ${more}`);
  const [{ unpacked, metaIn }, { packageOf }] = await Promise.all([
    import("../object/unpack.ts"),
    import("../object/package.ts"),
  ]);
  const nothing = { values: {}, flags: new Set<never>(), rest: [] };
  const bytes = readInput(path, { maxBytes: MAX_BYTES, isModule: true });
  const tool = await unpacked(bytes, { name: path, line: nothing });
  const { meta, output = STDOUT } = line.values;
  const made = packageOf(tool, meta === undefined ? undefined : await metaIn(meta));
  await writeOutput(output, once(new TextEncoder().encode(`${JSON.stringify(made)}\n`)));
  return 0;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
