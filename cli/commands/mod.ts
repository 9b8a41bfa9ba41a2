/** The commands; each file is loaded on first use. */
import type { Command } from "./command.ts";

export type { Command, CommandModule } from "./command.ts";

/** Commands by name, in the order of `--help`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  run: { summary: "run a module (the default command)", load: () => import("./run.ts") },
  tools: { summary: "list the tools in the box", load: () => import("./tools.ts") },
  search: { summary: "find tools in wasm-bpf and hubs", load: () => import("./search.ts") },
  info: { summary: "show a tool of a hub", load: () => import("./info.ts") },
  install: {
    summary: "install tools as commands",
    load: async () => (await import("./install.ts")).installOf(Object.keys(COMMANDS)),
  },
  list: { summary: "list installed tools", load: () => import("./list.ts") },
  outdated: { summary: "list tools with newer versions", load: () => import("./outdated.ts") },
  upgrade: { summary: "upgrade installed tools", load: () => import("./upgrade.ts") },
  uninstall: { summary: "remove installed tools", load: () => import("./uninstall.ts") },
  hub: { summary: "manage hubs, catalogues of tools", load: () => import("./hub.ts") },
  catalog: { summary: "build and publish a catalogue", load: () => import("./catalog.ts") },
  doctor: { summary: "show what this machine allows", load: () => import("./doctor.ts") },
  ps: { summary: "list runs in the background", load: () => import("./ps.ts") },
  logs: { summary: "show the log of a run", load: () => import("./logs.ts") },
  stop: { summary: "end runs in the background", load: () => import("./stop.ts") },
  restart: { summary: "start runs again", load: () => import("./restart.ts") },
  up: { summary: "keep the runs of a file running", load: () => import("./up.ts") },
  down: { summary: "end the runs of a file", load: () => import("./down.ts") },
  stats: { summary: "show what runs use", load: () => import("./stats.ts") },
  pull: { summary: "fetch a module into the local store", load: () => import("./pull.ts") },
  push: { summary: "send a module to a registry", load: () => import("./push.ts") },
  images: { summary: "list the local store", load: () => import("./images.ts") },
  ls: { summary: "list the local store", load: () => import("./images.ts") },
  rm: { summary: "remove modules from the local store", load: () => import("./rm.ts") },
  tag: { summary: "add a reference to a stored module", load: () => import("./tag.ts") },
  inspect: { summary: "show the parts of a module", load: () => import("./inspect.ts") },
  trust: { summary: "manage permissions granted for good", load: () => import("./trust.ts") },
  prune: { summary: "remove unreferenced blobs and ended runs", load: () => import("./prune.ts") },
  gen: { summary: "generate types or a skeleton from BTF", load: () => import("./gen.ts") },
  package: { summary: "make a package of an eBPF object", load: () => import("./package.ts") },
  new: { summary: "create a directory for a new tool", load: () => import("./new.ts") },
  login: { summary: "store credentials of a registry", load: () => import("./login.ts") },
  logout: { summary: "remove credentials of a registry", load: () => import("./logout.ts") },
  completion: {
    summary: "print a completion script for a shell",
    load: async () => (await import("./completion.ts")).completionOf(COMMANDS),
  },
};

/** Commands that wasm-bpf starts itself, absent from help. */
export const INTERNAL: Readonly<Record<string, Command>> = {
  // As podman has it.
  generate: { summary: "", load: () => import("./gen.ts") },
  __supervise: { summary: "", load: () => import("../background/supervise.ts") },
  __supervised: { summary: "", load: () => import("../background/supervised.ts") },
};
