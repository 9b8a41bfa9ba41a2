/** Writes the manual pages of wasm-bpf and its commands. */
import config from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../cli/commands/mod.ts";
import { renderManual } from "../../cli/args/manual.ts";
import { print } from "../lib/output.ts";

const DIRECTORY = "dist/man/man1";

/** Writes one page a command; returns the exit code. */
export async function writeManuals(): Promise<number> {
  await Deno.mkdir(DIRECTORY, { recursive: true });
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const { PAGE: page } = await load();
    if (name === "run") {
      const about = "run WebAssembly modules that drive eBPF";
      await write("wasm-bpf", renderManual("wasm-bpf", about, page, config.version));
    }
    await write(
      `wasm-bpf-${name}`,
      renderManual(`wasm-bpf-${name}`, summary, page, config.version),
    );
  }
  print(`${DIRECTORY}: ${Object.keys(COMMANDS).length + 1} pages`);
  return 0;
}

async function write(name: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${DIRECTORY}/${name}.1`, text);
}
