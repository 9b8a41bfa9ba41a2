/** What `--help` and `--version` print. */
import config from "../deno.json" with { type: "json" };
import { libbpfVersion } from "../runtime/command.ts";
import { COMMANDS } from "./commands.ts";

export const HELP = `wasm-bpf runs WebAssembly modules that load, attach and talk to eBPF programs.

Usage: wasm-bpf [run] [OPTIONS] MODULE [ARGS...]

  MODULE   a .wasm file: a WASI preview 1 program that embeds its eBPF objects;
           or - for standard input; or a reference such as ghcr.io/you/tool:v1,
           from the local store or else its registry; or an http(s) address of
           a .wasm
  ARGS     the module's own arguments, passed on untouched

Options stand before MODULE:
      --timeout DURATION   end the module after 500ms, 10s, 2m or 1h, as
                           Ctrl-C would
      --stats[=json]       at the end, and on SIGUSR1: how often and how long
                           programs ran, events, times, memory
      --dir HOST[::GUEST][::ro]
                           let the module use folder HOST, which it sees as
                           GUEST; with ::ro, without changing it; repeatable
      --env NAME[=VALUE]   set a variable, or pass on yours; repeatable
      --inherit-env        pass on all of your variables
      --stdin FILE         read standard input from FILE; null for none
      --stdout FILE        write standard output to FILE; null to drop it
      --stderr FILE        write standard error to FILE; null to drop it
      --listen HOST:PORT   let the module accept TCP connections; repeatable
      --max-memory SIZE    give it at most 512K, 64M or 1G of linear memory
  -v, --verbose            show libbpf's remarks and the verifier's whole log
      --require-landlock   run no module that Landlock cannot confine
      --allow-write-user   let eBPF programs rewrite other processes' memory
  -m, --wrapper-module-name NAME
                           import module of poll for guests that export their
                           callback (default: callback-wrapper)
  -c, --callback-export-name NAME
                           the callback they export (default: go-callback)
      --pull always|missing|never
                           when to ask a reference's registry (default:
                           missing, what the local store does not have)
      --platform OS/ARCHITECTURE
                           which one of an image index
      --verify-key FILE    run a reference only if it is signed with this key;
                           can be given repeatedly
      --plain-http         speak HTTP without TLS to its registry
      --ca-file FILE       trust the certificate authorities in FILE as well
  -q, --quiet              show no progress of pulls
  -h, --help               show this
  -V, --version            show versions

Ctrl-C lets the module finish; a second one ends it at once.

Exit codes: the module's own; 1 when wasm-bpf cannot run it; 2 for a wrong
command line; 124 when it does not end after --timeout; 128+N for signal N;
134 when it traps.

Loading eBPF needs root, or CAP_BPF and CAP_PERFMON; without root, tracepoints
need CAP_DAC_READ_SEARCH as well, and programs on networks CAP_NET_ADMIN.

Commands (wasm-bpf COMMAND --help shows more):
${commandRows()}`;

function commandRows(): string {
  return Object.entries(COMMANDS)
    .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join("\n");
}

/** wasm-bpf's version and those of what it is made of, one a line. */
export function versions(): string {
  return [
    `wasm-bpf ${config.version}`,
    `deno ${Deno.version.deno}`,
    `v8 ${Deno.version.v8}`,
    `libbpf ${libbpfVersion()}`,
  ].join("\n");
}
