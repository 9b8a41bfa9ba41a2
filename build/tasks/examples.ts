/**
 * The examples: `examples/NAME/` holds an eBPF half for all languages, and a folder for each language
 * that the guest is written in.
 *
 *     examples/NAME/NAME.bpf.c    examples/NAME/c/NAME.c       → dist/examples/NAME/NAME.wasm
 *     examples/NAME/NAME.h        examples/NAME/rust/…         → dist/examples/NAME/NAME-rust.wasm
 */
import { join } from "node:path";
import { buildAssemblyScriptGuest } from "../steps/assemblyscript.ts";
import { buildCModule, buildObjects, type GuestFolder } from "../steps/guests.ts";
import { buildGoGuest } from "../steps/go.ts";
import { buildRustGuest, hasRust, SMALLEST } from "../steps/rust.ts";
import { fileState, filesUnder } from "../lib/step.ts";

/** Language of an example's guest: the name of its folder. */
export type Language = "c" | "rust" | "go" | "assemblyscript";

/** An example, as its folder shows it. */
export interface Example extends GuestFolder {
  readonly name: string;
  /** In the order of {@linkcode LANGUAGES}. */
  readonly languages: readonly Language[];
}

/** Makes `output` of an example's folder of one language, which may embed the eBPF objects. */
type Builder = (example: Example, objects: readonly string[], output: string) => Promise<void>;

/** Each language as a person writes it, and how a guest in it is built. */
export const LANGUAGES: Readonly<
  Record<Language, { readonly title: string; readonly build?: Builder }>
> = {
  c: { title: "C", build: buildC },
  rust: { title: "Rust", build: buildRust },
  go: { title: "Go", build: buildGo },
  assemblyscript: { title: "AssemblyScript", build: buildAssemblyScript },
};

/** Every folder of `examples/` with an eBPF half. */
export function findExamples(): Example[] {
  const halves = filesUnder("examples", (path) => /^examples\/([^/]+)\/\1\.bpf\.c$/.test(path));
  return halves.map((half) => {
    const name = half.split("/")[1] ?? "";
    const path = join("examples", name);
    const isThere = (language: Language) => fileState(join(path, language)) !== undefined;
    return {
      name,
      path,
      output: join("dist/examples", name),
      objects: join(".cache/guests/examples", name),
      shared: "examples/common",
      languages: (Object.keys(LANGUAGES) as Language[]).filter(isThere),
    };
  });
}

/** Where an example's module in a language is made. */
export function modulePath(example: Example, language: Language): string {
  const suffix = language === "c" ? "" : `-${language}`;
  return join(example.output, `${example.name}${suffix}.wasm`);
}

/** Builds the examples in some languages; one of them only when it is named. */
export async function buildExamples(languages: readonly Language[], only?: string): Promise<void> {
  for (const example of findExamples()) {
    if (only !== undefined && example.name !== only) continue;
    const objects = await buildObjects(example);
    for (const language of example.languages.filter((one) => languages.includes(one))) {
      await LANGUAGES[language].build?.(example, objects, modulePath(example, language));
    }
  }
  if (only === undefined) await buildObjects(PLAIN);
}

/** Objects that programs run without a guest. */
const PLAIN: GuestFolder = {
  path: "examples/embedding",
  output: "dist/examples/embedding",
  objects: "dist/examples/embedding",
};

/** As small as it goes, without what prints and reads floating-point numbers. */
export const C_OPTIONS = ["-Oz", "-lc-printscan-no-floating-point"];

async function buildC(
  example: Example,
  objects: readonly string[],
  output: string,
): Promise<void> {
  const source = join(example.path, "c", `${example.name}.c`);
  await buildCModule(example, { source, objects, output, options: C_OPTIONS, shrink: true });
}

async function buildRust(
  example: Example,
  _objects: readonly string[],
  output: string,
): Promise<void> {
  if (!hasRust()) return;
  const source = join(example.path, "rust", `${example.name}.rs`);
  await buildRustGuest({ source, objects: example.objects, output, options: SMALLEST });
}

async function buildGo(
  example: Example,
  _objects: readonly string[],
  output: string,
): Promise<void> {
  await buildGoGuest({ path: join(example.path, "go"), objects: example.objects, output });
}

async function buildAssemblyScript(
  example: Example,
  _objects: readonly string[],
  output: string,
): Promise<void> {
  const source = join(example.path, "assemblyscript", `${example.name}.ts`);
  await buildAssemblyScriptGuest({ source, objects: example.objects, output });
}
