/** Files for `wasm-bpf new`: the templates, and each language's SDK, in one file for the binary. */
import { filesUnder, runStep, writeFile } from "../lib/step.ts";

/** The file: JSON that `cli/commands/new.ts` describes. Not `.json`, which `deno compile` would take for a module. */
export const SDK_FILES = "dist/lib/sdk.bin";

const TEMPLATES = "sdk/templates";
/** Headers of eBPF halves, which each project gets. */
const BPF_HEADERS = "sdk/bpf";

/** Folders of the checkout and their destinations in a new project, by language. */
const SDKS: Readonly<Record<string, { readonly from: string; readonly to: string }>> = {
  c: { from: "sdk/c/include", to: "include" },
  rust: { from: "sdk/rust", to: "wasm-bpf" },
  go: { from: "sdk/go", to: "wasmbpf" },
  assemblyscript: { from: "sdk/assemblyscript/assembly", to: "assembly/wasm-bpf" },
};

/** Gathers the files. */
export async function buildSdkFiles(): Promise<void> {
  const folders = [TEMPLATES, BPF_HEADERS, ...Object.values(SDKS).map(({ from }) => from)];
  await runStep({
    name: "sdk files",
    inputs: [...folders, "build/steps/sdk.ts"],
    outputs: [SDK_FILES],
    make() {
      const languages = Object.fromEntries(
        Object.entries(SDKS).map(([language, sdk]) => [language, filesOf(language, sdk)]),
      );
      writeFile(SDK_FILES, JSON.stringify(languages));
      return Promise.resolve();
    },
  });
}

function filesOf(
  language: string,
  { from, to }: { from: string; to: string },
): Record<string, string> {
  return {
    ...texts(`${TEMPLATES}/common`, ""),
    ...texts(BPF_HEADERS, ""),
    ...texts(`${TEMPLATES}/${language}`, ""),
    ...texts(from, `${to}/`),
  };
}

/** Returns the files below a folder, without its tests, by relative path. */
function texts(folder: string, prefix: string): Record<string, string> {
  const paths = filesUnder(folder, (path) => !path.startsWith(`${folder}/tests/`));
  return Object.fromEntries(paths.map((path) => {
    const text = Deno.readTextFileSync(path);
    return [prefix + path.slice(folder.length + 1), path.endsWith(".md") ? unlinked(text) : text];
  }));
}

/** A README without its links to what is not copied. */
function unlinked(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\(\.\.\/[^)]*\)/g, "$1");
}
