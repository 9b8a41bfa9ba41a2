/**
 * Page of a run, `service/page/`, in one HTML file for the binary: its script is bundled with the
 * charting library, and nothing is loaded from elsewhere.
 */
import { BuildError } from "../lib/errors.ts";
import { run } from "../lib/process.ts";
import { fileState, filesUnder, runStep, writeFile } from "../lib/step.ts";

/** The file. */
export const PAGE = "dist/lib/page.html";

const FOLDER = "service/page";
const SCRIPT = ".cache/page.js";
/** Largest size of the file in bytes. */
const MAX_BYTES = 256 * 1024;

/** Bundles the page. */
export async function buildPage(): Promise<void> {
  await runStep({
    name: "page",
    inputs: [...filesUnder(FOLDER, () => true), "deno.json", "deno.lock", "build/steps/page.ts"],
    outputs: [PAGE],
    async make() {
      const options = ["--quiet", "--minify", "--platform", "browser", "--output", SCRIPT];
      await run("deno", ["bundle", ...options, `${FOLDER}/main.ts`]);
      const [html, css, script, charts] = await Promise.all([
        Deno.readTextFile(`${FOLDER}/page.html`),
        Deno.readTextFile(`${FOLDER}/page.css`),
        Deno.readTextFile(SCRIPT),
        chartStyle(),
      ]);
      writeFile(PAGE, assemble(html, { style: `${charts}\n${css}`, script }));
    },
  });
}

/** Puts style and script into the page. */
export function assemble(
  html: string,
  { style, script }: { style: string; script: string },
): string {
  if (/<\/?style/i.test(style) || /<\/script|<!--/i.test(script)) {
    throw new BuildError("Cannot build the page: its style or script would end too early");
  }
  const page = html.replace("/*STYLE*/", () => style).replace("/*SCRIPT*/", () => script);
  if (new TextEncoder().encode(page).length > MAX_BYTES) {
    throw new BuildError(`Cannot build the page: it is larger than ${MAX_BYTES} bytes`);
  }
  return page;
}

/** Returns the style of the charting library, from the packages that the bundler has fetched. */
async function chartStyle(): Promise<string> {
  const { npmCache } = JSON.parse(await run("deno", ["info", "--json"])) as { npmCache: string };
  const pinned = JSON.parse(await Deno.readTextFile("deno.json")).imports.uplot as string;
  const version = pinned.slice(pinned.lastIndexOf("@") + 1);
  for await (const { name } of Deno.readDir(npmCache)) {
    const path = `${npmCache}/${name}/uplot/${version}/dist/uPlot.min.css`;
    if (fileState(path) !== undefined) return await Deno.readTextFile(path);
  }
  throw new BuildError("Cannot build the page: the charting library's style is not found");
}
