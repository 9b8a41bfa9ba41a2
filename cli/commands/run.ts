/** `wasm-bpf run`: runs a module from a file, the store or a registry. */
import type { HelpPage } from "../args/help_text.ts";
import { parseCommandLine } from "../args/options.ts";
import type { ReadModule } from "../startup/plain_run.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { runLine } from "../run_line.ts";

/** Help of `run`, with or without the word. */
export const PAGE: HelpPage = {
  usage: ["[run] [OPTIONS] MODULE [ARGS...]"],
  about:
    "Runs WebAssembly modules that load, attach and talk to eBPF programs, and plain eBPF objects.",
  arguments: {
    MODULE:
      "the name of a tool (wasm-bpf tools lists them); or a .wasm file: a WASI preview 1 program " +
      "that embeds its eBPF objects; or a plain eBPF object or package, whose records are shown; " +
      "or - for standard input; or a reference such as ghcr.io/you/tool:v1, from the local store " +
      "or else its registry; or an http(s) address of one of these files",
    ARGS: "arguments of the module, passed on unchanged; options of a tool or object",
  },
  options: RUN_OPTIONS,
  notes: [
    "Options precede MODULE; after the name of a tool or object, its own come first, then these in " +
    "their long form. Ctrl-C lets the module finish, and ends one that keeps waiting; a second one ends " +
    "it at once.",
    "Exit codes: that of the module; 1 when wasm-bpf cannot run it; 2 for a wrong command line; 124 " +
    "when it does not end after --timeout; 128+N for signal N; 134 when it traps.",
    "Loading eBPF requires root, or CAP_BPF and CAP_PERFMON; without root, tracepoints also " +
    "require CAP_DAC_READ_SEARCH, and network programs CAP_NET_ADMIN.",
  ],
};

/** Runs the module that `args` name. */
export async function command(args: string[], read?: ReadModule): Promise<number> {
  return await runLine(parseCommandLine(args, RUN_OPTIONS), read);
}
