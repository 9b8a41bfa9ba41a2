/** `wasm-bpf gen`: types and skeletons for guests, from BTF. */
import { generate, isTarget, type Target, TARGETS } from "../../bindgen/mod.ts";
import { UsageError } from "../errors.ts";
import type { HelpPage } from "../args/help_text.ts";
import { readInput, STDIN } from "../module/input_file.ts";
import { type OptionSpec, parseCommandLine } from "../args/options.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { STDOUT, writeOutput } from "../terminal/output_file.ts";

/** 256 MiB; a kernel image with debug information is larger, extract its BTF first. */
const MAX_BYTES = 256 << 20;

/** Reports whether input starts neither like an ELF file nor like BTF, of either byte order. */
function hasNoTypes([first, second, third, fourth]: Uint8Array): boolean {
  if (fourth === undefined) return false;
  const isElf = first === 0x7f && second === 0x45 && third === 0x4c && fourth === 0x46;
  const isBtf = (first === 0x9f && second === 0xeb) || (first === 0xeb && second === 0x9f);
  return !isElf && !isBtf;
}

const OPTIONS = {
  "type": {
    short: "t",
    argument: "NAME",
    repeatable: true,
    help: 'add a type, such as event, "struct event" or pid_t; of raw BTF, only these types; ' +
      "repeatable",
  },
  "output": {
    short: "o",
    argument: "FILE",
    help: "write to FILE, whole or not at all, instead of standard output",
  },
  "rust-trait": {
    argument: "PATH",
    help: "implement a marker trait, such as wasm_bpf::Plain",
  },
  "go-package": { argument: "NAME", help: "package of the file (default: main)" },
  "help": { short: "h", help: "show this help" },
} as const satisfies Record<string, OptionSpec>;

/** Help of `gen`. */
export const PAGE: HelpPage = {
  usage: ["gen TARGET OBJECT [--type NAME]... [-o FILE]", "gen systemd NAME|FILE [-o FILE]"],
  about: "Generates from BTF the types that a guest shares with its eBPF half.",
  arguments: {
    TARGET:
      "c, rust, go, assemblyscript, typescript or wit: types in that language; skeleton: a C " +
      "header with the object in it, and its maps, programs and global variables by name; systemd: " +
      "a hardened unit for a run in the background or a file of up",
    OBJECT: "a compiled eBPF object (.bpf.o), raw BTF such as /sys/kernel/btf/vmlinux, or - for " +
      "standard input",
  },
  options: OPTIONS,
  notes: [
    "Without --type: the types of map keys and values, of global variables and what they point to, " +
    "and the object's own types; of raw BTF, all types. Sizes are those of eBPF: long and " +
    "pointers have 64 bits.",
  ],
};

/** Target that is not made from BTF. */
const SYSTEMD = "systemd";

const TRAIT_PATH = /^[A-Za-z_]\w*(::[A-Za-z_]\w*)*$/;
const PACKAGE_NAME = /^[A-Za-z_]\w*$/;

/** Runs `gen`. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [target, path, ...more] = line.rest;
  if (target === undefined) throw new UsageError("No target given");
  if (target === SYSTEMD) {
    const { systemdUnit } = await import("./gen_systemd.ts");
    await writeOutput(
      line.values.output ?? STDOUT,
      once(new TextEncoder().encode(await systemdUnit(path))),
    );
    return 0;
  }
  if (!isTarget(target)) {
    throw new UsageError(`Unknown target "${target}"`, `targets: ${TARGETS.join(", ")}`);
  }
  if (path === undefined) throw new UsageError("No object given");
  if (more.length > 0) {
    throw new UsageError(`Too many arguments: ${more.join(" ")}`);
  }
  const { text, notes } = generate(
    readInput(path, { maxBytes: MAX_BYTES, isUseless: hasNoTypes }),
    {
      target,
      source: path === STDIN ? "" : path,
      types: line.lists?.type ?? [],
      ...languageOptions(target, line.values),
    },
  );
  for (const note of notes) printError(visibleLine(`note: ${note}`));
  const bytes = new TextEncoder().encode(text);
  const { output = STDOUT } = line.values;
  await writeOutput(output, once(bytes));
  return 0;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Reads the options that apply to one language only. */
function languageOptions(
  target: Target,
  values: Partial<Record<"rust-trait" | "go-package", string>>,
): { rustTrait?: string; goPackage?: string } {
  const { "rust-trait": rustTrait, "go-package": goPackage } = values;
  if (rustTrait !== undefined && !(target === "rust" && TRAIT_PATH.test(rustTrait))) {
    throw new UsageError(
      "Cannot use --rust-trait: it takes the path of a trait and requires gen rust",
    );
  }
  if (goPackage !== undefined && !(target === "go" && PACKAGE_NAME.test(goPackage))) {
    throw new UsageError(
      "Cannot use --go-package: it takes the name of a package and requires gen go",
    );
  }
  return {
    ...(rustTrait === undefined ? {} : { rustTrait }),
    ...(goPackage === undefined ? {} : { goPackage }),
  };
}
