/** Options of `run`, the default command. */
import { OBJECT_OPTIONS } from "./object_options.ts";
import { CONTAINER_OPTIONS } from "./container_options.ts";
import { LIVE_OPTIONS } from "./live_options.ts";
import type { CommandLine, OptionSpec } from "./options.ts";
import { RECORD_OPTIONS } from "./record_options.ts";

export const RUN_OPTIONS = {
  "timeout": {
    argument: "DURATION",
    help: "end the module after 500ms, 10s, 2m or 1h, as Ctrl-C would",
  },
  "latency": {
    argument: "DURATION",
    help: "deliver events at most this much later when they come fast (default: 1ms; 0: at once)",
  },
  "stats": {
    argument: "json",
    optional: true,
    help: "print at the end, and on SIGUSR1, how often and how long programs ran, events, times, " +
      "memory",
  },
  "dir": {
    argument: "HOST[::GUEST][::ro]",
    repeatable: true,
    help: "grant the directory HOST, which the module sees as GUEST; with ::ro, read-only; " +
      "repeatable",
  },
  "env": {
    argument: "NAME[=VALUE]",
    repeatable: true,
    help: "set a variable, or pass on yours; repeatable",
  },
  "inherit-env": { help: "pass on all of your variables" },
  "stdin": { argument: "FILE", help: "read standard input from FILE; null for none" },
  "stdout": { argument: "FILE", help: "write standard output to FILE; null to discard it" },
  "stderr": { argument: "FILE", help: "write standard error to FILE; null to discard it" },
  "listen": {
    argument: "HOST:PORT",
    repeatable: true,
    help: "let the module accept TCP connections; repeatable",
  },
  "max-memory": {
    argument: "SIZE",
    help: "limit memories and tables together to SIZE, such as 512K, 64M or 1G",
  },
  "max-maps-memory": {
    argument: "SIZE",
    help: "limit the kernel memory of all maps (default: 1G, or a quarter of the memory if less)",
  },
  "max-programs": {
    argument: "NUMBER",
    help: "limit the loaded eBPF programs (default: 1024)",
  },
  "max-links": { argument: "NUMBER", help: "limit the attachments (default: 4096)" },
  "verbose": { short: "v", help: "show libbpf's messages and the verifier's whole log" },
  "require-landlock": { help: "refuse to run without Landlock and seccomp" },
  "allow-bpf": {
    argument: "LEVEL,...",
    repeatable: true,
    help: "also let eBPF programs act at LEVEL: observe, inspect, network, control, struct-ops, " +
      "replace or write (default: all except write); repeatable",
  },
  "deny-bpf": {
    argument: "LEVEL,...",
    repeatable: true,
    help: "refuse eBPF programs that act at LEVEL; wins over what is allowed; repeatable",
  },
  "allow-helper": { argument: "NAME,...", repeatable: true, help: "let them call these helpers" },
  "deny-helper": {
    argument: "NAME,...",
    repeatable: true,
    help: "refuse programs that call these helpers",
  },
  "allow-kfunc": {
    argument: "NAME,...",
    repeatable: true,
    help: "let them call these kernel functions",
  },
  "deny-kfunc": {
    argument: "NAME,...",
    repeatable: true,
    help: "refuse programs that call these kernel functions",
  },
  "allow-attach": {
    argument: "KIND[:TARGET],...",
    repeatable: true,
    help: "attach them only to places such as iface:eth0, tp:sched/* or uprobe:BINARY:SYMBOL; " +
      "repeatable",
  },
  "deny-attach": {
    argument: "KIND[:TARGET],...",
    repeatable: true,
    help: "attach them to none of these places; wins over what is allowed; repeatable",
  },
  "max-frequency": {
    argument: "HERTZ",
    help: "limit the frequency of perf events (default: the kernel's limit)",
  },
  "strict": { help: "allow only the levels and calls that the options above allow" },
  "allow-write-user": { help: "same as --allow-bpf=write" },
  "allow-gc": { help: "run modules with garbage-collected types, which no memory limit bounds" },
  "pull": {
    argument: "always|missing|never",
    help:
      "when to ask the registry of a reference (default: missing, when the local store lacks it)",
  },
  "platform": { argument: "OS/ARCHITECTURE", help: "select a platform of an image index" },
  "verify-key": {
    argument: "FILE",
    repeatable: true,
    help: "run a reference only if it is signed with this key; repeatable",
  },
  "plain-http": { help: "use HTTP without TLS for the registry" },
  "ca-file": { argument: "FILE", help: "also trust the certificate authorities in FILE" },
  "trust-realm": {
    argument: "HOST",
    repeatable: true,
    help: "also send the password of a registry to its token server on HOST; repeatable",
  },
  "quiet": { short: "q", help: "hide the progress of pulls" },
  "installed": { help: "MODULE is the name of an installed tool, as launchers pass it" },
  "detach": { short: "d", help: "run in the background; ps, logs and stop manage it" },
  "name": { argument: "NAME", help: "name of a run in the background" },
  "restart": {
    argument: "POLICY",
    help: "start it again in the background: no, on-failure, on-failure:N or always (default: no)",
  },
  "log-size": {
    argument: "SIZE",
    help: "limit the log of a run in the background (default: 20M)",
  },
  ...RECORD_OPTIONS,
  ...CONTAINER_OPTIONS,
  ...LIVE_OPTIONS,
  "wrapper-module-name": {
    short: "m",
    argument: "NAME",
    help: "import module of poll for guests that export their callback (default: " +
      "callback-wrapper)",
  },
  "callback-export-name": {
    short: "c",
    argument: "NAME",
    help: "callback that these guests export (default: go-callback)",
  },
  ...OBJECT_OPTIONS,
  "help": { short: "h", help: "show this help" },
  "version": { short: "V", help: "show versions" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option of `run`. */
export type RunOption = keyof typeof RUN_OPTIONS;

/** Command line of `run`: `rest` is the module and its arguments. */
export type RunLine = CommandLine<RunOption>;
