/** Help of wasm-bpf itself, which is that of `run`, and its versions. */
import config from "../deno.json" with { type: "json" };
import { libbpfVersion } from "../runtime/command.ts";
import { COMMANDS } from "./commands/mod.ts";
import { renderHelp } from "./args/help_text.ts";

/** Returns the text of `wasm-bpf --help`: the page of `run`, and the commands. */
export async function mainHelp(): Promise<string> {
  const { PAGE } = await import("./commands/run.ts");
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
