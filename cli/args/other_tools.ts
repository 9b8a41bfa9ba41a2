/** Words that are commands of docker, podman or kubectl, and what wasm-bpf has in their place. */

const NO_SERVICE = "wasm-bpf keeps nothing running itself: start the module under a service " +
  "manager, as in systemd-run --unit=trace wasm-bpf run MODULE";

const HINTS: Readonly<Record<string, string>> = {
  "version": "wasm-bpf --version shows the versions",
  "info": "wasm-bpf --version shows the versions, wasm-bpf images what the local store has",
  "ps": `look for processes with pgrep -a wasm-bpf; ${NO_SERVICE}`,
  "logs": `read the output where it goes, as in journalctl -u UNIT; ${NO_SERVICE}`,
  "attach": "read the output where it goes; programs attach when their module runs",
  "start": NO_SERVICE,
  "create": NO_SERVICE,
  "stop": "send the process SIGTERM, as in systemctl stop UNIT",
  "kill": "send the process SIGTERM, as in systemctl stop UNIT",
  "exec": "run another module: wasm-bpf run MODULE",
  "stats": "wasm-bpf run --stats MODULE prints statistics at the end, and on SIGUSR1",
  "search": "search on the registry's own page, then wasm-bpf pull REFERENCE",
  "save": "wasm-bpf pull -o FILE REFERENCE writes a module to a file",
  "export": "wasm-bpf pull -o FILE REFERENCE writes a module to a file",
  "cp": "wasm-bpf pull -o FILE REFERENCE writes a module to a file",
  "load": "run the file itself, or wasm-bpf push FILE REFERENCE",
  "import": "run the file itself, or wasm-bpf push FILE REFERENCE",
  "commit": "wasm-bpf push FILE REFERENCE sends a module to a registry",
  "build": "wasm-bpf new makes a directory with a Makefile to build a tool",
  "init": "wasm-bpf new makes a directory to start a tool with",
  "image": "wasm-bpf images lists what the local store has",
  "rmi": "wasm-bpf rm REFERENCE removes a module from the local store",
  "history": "wasm-bpf inspect REFERENCE shows what a module is made of",
};

/** Returns what to do in place of another tool's command. */
export function hintForOtherTool(word: string): string | undefined {
  return Object.hasOwn(HINTS, word) ? HINTS[word] : undefined;
}
