/** The Bytecode Alliance's parser of WIT, for tests: wasm-tools compiled to WebAssembly, from npm. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { fileState, runStep, writeFile } from "../lib/step.ts";

/** Parser, and the import map that it needs. */
export const WIT_TOOLS = ".cache/tools/wit";

/**
 * Fetched one by one: as dependencies they would bring 100 MB of others, none of which the parser needs,
 * and some of which not every registry has.
 */
const PACKAGES = [
  {
    name: "jco-transpile",
    version: "0.15.0",
    sha512:
      "MFftJ81B9TtHbvgCRZQod3jfgl62YvJszxsNdfx9IVNewxlX9q7U4Wd+w6gJzw+o9IjEGWoyg/BFpb/RnaJvlA==",
  },
  {
    name: "preview2-shim",
    version: "0.26.1",
    sha512:
      "+i+DI1QF7fcqKN30CSsESIv/Dopxg53p8YE1m/S5JkUBi1hLCECLp3457W84BNDHm8rqwMAonaM4xLNoJjeh5g==",
  },
] as const;

/** Parts of the second package that the parser imports; its browser build needs no Node API. */
const SHIMS = ["cli", "filesystem", "io", "random"];

/** Fetches the parser, once. */
export async function fetchWitTools(): Promise<void> {
  const config = join(WIT_TOOLS, "deno.json");
  await runStep({
    name: "wasm-tools in WebAssembly (npm)",
    inputs: ["build/steps/wit_tools.ts"],
    outputs: [config],
    async make() {
      if (fileState(WIT_TOOLS) !== undefined) await Deno.remove(WIT_TOOLS, { recursive: true });
      for (const one of PACKAGES) await unpack(one);
      const imports = Object.fromEntries(SHIMS.map((shim) => [
        `@bytecodealliance/preview2-shim/${shim}`,
        `./preview2-shim/dist/browser/${shim}.js`,
      ]));
      writeFile(config, JSON.stringify({ imports }));
    },
  });
}

async function unpack({ name, version, sha512 }: typeof PACKAGES[number]): Promise<void> {
  const folder = join(WIT_TOOLS, name);
  await Deno.mkdir(folder, { recursive: true });
  const quiet = ["--silent", "--no-update-notifier"];
  const output = await run("npm", [
    ...["pack", ...quiet, "--pack-destination", WIT_TOOLS],
    `@bytecodealliance/${name}@${version}`,
  ]);
  const file = join(WIT_TOOLS, output.trim().split("\n").at(-1) ?? "");
  const found = createHash("sha512").update(await Deno.readFile(file)).digest("base64");
  if (found !== sha512) {
    throw new BuildError(`Cannot take ${name} ${version}: its SHA-512 is ${found}`);
  }
  await run("tar", ["-xzf", file, "-C", folder, "--strip-components", "1"]);
  await Deno.remove(file);
}
