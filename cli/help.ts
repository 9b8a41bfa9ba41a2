/** Help of wasm-bpf itself, which is that of `run`, and its versions. */
import config from "../deno.json" with { type: "json" };
import { libbpfVersion } from "../runtime/command.ts";
import { COMMANDS } from "./commands/mod.ts";
import { type HelpPage, renderHelp } from "./args/help_text.ts";
import { RUN_OPTIONS } from "./args/run_options.ts";

/** Help of `run`, with or without the word. */
export const PAGE: HelpPage = {
  usage: ["[run] [OPTIONS] MODULE [ARGS...]"],
  about: "Runs WebAssembly modules that load, attach and talk to eBPF programs.",
  arguments: {
    MODULE:
      "a .wasm file: a WASI preview 1 program that embeds its eBPF objects; or - for standard " +
      "input; or a reference such as ghcr.io/you/tool:v1, from the local store or else its " +
      "registry; or an http(s) address of a .wasm file",
    ARGS: "arguments of the module, passed on unchanged",
  },
  options: RUN_OPTIONS,
  notes: [
    "Options precede MODULE. Ctrl-C lets the module finish, and ends one that keeps waiting; a second " +
    "one ends it at once.",
    "Exit codes: that of the module; 1 when wasm-bpf cannot run it; 2 for a wrong command line; 124 " +
    "when it does not end after --timeout; 128+N for signal N; 134 when it traps.",
    "Loading eBPF requires root, or CAP_BPF and CAP_PERFMON; without root, tracepoints also " +
    "require CAP_DAC_READ_SEARCH, and network programs CAP_NET_ADMIN.",
  ],
};

/** Returns the text of `wasm-bpf --help`: the page of `run`, and the commands. */
export function mainHelp(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) =>
    `  ${name.padEnd(12)}${summary}`
  );
  return [
    renderHelp(PAGE),
    "",
    "Commands (wasm-bpf COMMAND --help shows their options):",
    ...rows,
  ].join("\n");
}

/** Returns the versions of wasm-bpf and its parts, one a line. */
export function versions(): string {
  return [
    `wasm-bpf ${config.version}`,
    `deno ${Deno.version.deno}`,
    `v8 ${Deno.version.v8}`,
    `libbpf ${libbpfVersion()}`,
  ].join("\n");
}
