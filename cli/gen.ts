/** `wasm-bpf gen`: types and skeletons for guests, from BTF. */
import { basename, dirname, join } from "node:path";
import { generate, isTarget, TARGETS } from "../bindgen/mod.ts";
import { HostError } from "../ffi/errors.ts";
import { UsageError } from "./errors.ts";
import { readInput, STDIN } from "./input_file.ts";
import { type OptionSpec, parseCommandLine } from "./options.ts";
import { printError, visible } from "./output.ts";

/** The kernel with its debug information, which has its BTF somewhere inside, is larger. */
const MAX_BYTES = 256 << 20;

const OPTIONS = {
  "type": { short: "t", argument: "NAME", repeatable: true },
  "output": { short: "o", argument: "FILE" },
  "help": { short: "h" },
} as const satisfies Record<string, OptionSpec>;

const SEE_HELP = "try: wasm-bpf gen --help";

export const HELP = `Makes what a guest shares with its eBPF half, from BTF.

Usage: wasm-bpf gen TARGET OBJECT [--type NAME]... [-o FILE]

  TARGET   c, rust, go, assemblyscript, typescript or wit: types, in that
           language
           skeleton: a C header with the object in it, and its maps, programs
           and global variables by name
  OBJECT   a compiled eBPF object (.bpf.o), raw BTF such as
           /sys/kernel/btf/vmlinux, or - for standard input

  -t, --type NAME     also this type: event, "struct event", pid_t; of BTF that
                      is no object's, only such types. Can be given repeatedly
  -o, --output FILE   write to FILE, whole or not at all, instead of standard
                      output
  -h, --help          show this

Without --type: the types of maps' keys and values, of global variables and
what they point to, and the object's own; of raw BTF, all types. Sizes are
eBPF's: long and pointers have 64 bits.`;

/** Makes what `args` ask for. */
export async function command(args: string[]): Promise<number> {
  const line = parseCommandLine(args, OPTIONS, { interleaved: true });
  const [target, path, ...more] = line.rest;
  if (target === undefined) throw new UsageError("No target given", SEE_HELP);
  if (!isTarget(target)) {
    throw new UsageError(`Unknown target ${target}`, `targets: ${TARGETS.join(", ")}`);
  }
  if (path === undefined) throw new UsageError("No object given", SEE_HELP);
  if (more.length > 0) {
    throw new UsageError(`Too many arguments: ${more.join(" ")}`, SEE_HELP);
  }
  const { text, notes } = generate(readInput(path, { maxBytes: MAX_BYTES }), {
    target,
    source: path === STDIN ? "" : path,
    types: line.lists?.type ?? [],
  });
  for (const note of notes) printError(visible(`note: ${note}`));
  const { output } = line.values;
  const bytes = new TextEncoder().encode(text);
  if (output === undefined || output === STDIN) writeOut(bytes);
  else await replace(output, bytes);
  return 0;
}

/** All of it, or an error: what comes behind a pipe must not take half of it for the whole. */
function writeOut(bytes: Uint8Array): void {
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    throw unwritable("standard output", error);
  }
}

/** Writes beside the file and renames, so that nobody sees half of it. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {/* It was not made. */});
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): HostError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.replace(/: (open|rename|writefile) '[^]*$/, "");
  return new HostError(`Cannot write ${path}: ${reason}`, {
    code,
    hint: code === "ENOENT" ? "the folder must be there already" : undefined,
    cause,
  });
}
