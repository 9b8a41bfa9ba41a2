/** Entry of the tasks in deno.json: `main.ts build|compile|examples|demo|check|format|test|soak|matrix|bench|permissions|tools|image|sizes|speed|language|man [ARGUMENTS…]`. */
import { bench, buildMeasured, buildMeasuredLanguages, buildNative } from "./tasks/bench.ts";
import {
  checksOnly,
  format,
  gate,
  matrix,
  missingFiles,
  soak,
  testFilesOf,
  testOnly,
} from "./tasks/check.ts";
import { compileBinary } from "./tasks/compile.ts";
import { DEMO, demo } from "./tasks/demo.ts";
import { BuildError } from "./lib/errors.ts";
import { buildArm64 } from "./steps/arm64.ts";
import { buildFuzz } from "./steps/fuzz.ts";
import { buildExamples, type Language, LANGUAGES } from "./tasks/examples.ts";
import { say } from "./lib/output.ts";
import { writePermissions } from "./steps/permissions.ts";
import { endOnSignals } from "./lib/process.ts";
import { writeImage } from "./tasks/image.ts";
import { language } from "./tasks/language.ts";
import { buildPage } from "./steps/page.ts";
import { buildPumps } from "./steps/pump.ts";
import { buildSdkFiles } from "./steps/sdk.ts";
import { buildShim } from "./steps/shim.ts";
import { writeSizes } from "./tasks/sizes.ts";
import { lockBuild } from "./lib/step.ts";
import { buildTestGuests } from "./tasks/test_guests.ts";
import { fetchTestTools } from "./tasks/test_tools.ts";
import { writeSpeed } from "./tasks/speed.ts";
import { writeToolTable } from "./tasks/tool_table.ts";
import { buildTools } from "./steps/tools.ts";
import { buildThirdParty } from "./steps/third_party.ts";

const TASKS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  build: () => makeThen(buildAll, () => 0),
  compile: () => makeThen(compile, () => 0),
  examples: () => makeThen(compileEveryLanguage, () => 0),
  demo: (options) => makeThen(compileForDemo, () => demo(options)),
  check: () => checksOnly(() => makeThen(buildParts, () => {})),
  test: (files) =>
    files.length === 0
      ? gate(() => makeThen(compileForTests, () => {}))
      : withTestFiles(files, () => makeThen(() => compileForFiles(files), () => testOnly(files))),
  soak: (files) => withTestFiles(files, () => makeThen(compileForTests, () => soak(files))),
  matrix: (words) =>
    makeThen(async () => {
      await compileForTests();
      if (words.includes("arm64")) await buildArm64();
    }, () => matrix(words)),
  bench: (names) => makeThen(compileForBench, () => bench(names)),
  permissions: () => makeThen(buildThirdParty, writePermissions),
  tools: () => makeThen(buildParts, writeToolTable),
  image: () => makeThen(compile, writeImage),
  sizes: () => makeThen(buildEveryLanguage, writeSizes),
  speed: () => makeThen(compileForBench, writeSpeed),
  format: () => format(),
  language: (paths) => language(paths),
  man: () => makeThen(buildParts, async () => (await import("./tasks/man.ts")).writeManuals()),
};

/** Keeps other builds out while something is made, and only then. */
async function makeThen<T>(make: () => Promise<void>, then: () => T | Promise<T>): Promise<T> {
  {
    using _lock = lockBuild();
    await make();
  }
  return await then();
}

async function buildParts(): Promise<void> {
  await buildThirdParty();
  await buildShim();
  await buildPumps();
  await buildSdkFiles();
  await buildTools();
  await buildPage();
}

async function buildAll(): Promise<void> {
  await buildParts();
  await buildExamples(["c"]);
}

/** Builds only the parts that a first run needs. */
async function compileForDemo(): Promise<void> {
  await buildParts();
  await buildExamples(["c"], DEMO);
  await compileBinary();
}

async function compile(): Promise<void> {
  await buildAll();
  await compileBinary();
}

async function buildEveryLanguage(): Promise<void> {
  await buildAll();
  await buildExamples(Object.keys(LANGUAGES) as Language[]);
}

/** The program, and every example in every language. */
async function compileEveryLanguage(): Promise<void> {
  await buildEveryLanguage();
  await compileBinary();
}

/** Before anything is built: a name that was mistyped is not worth the wait. */
async function withTestFiles(
  files: readonly string[],
  then: () => Promise<number>,
): Promise<number> {
  const missing = missingFiles(files);
  for (const path of missing) say(`error: no test file ${path} found`);
  return missing.length > 0 ? 2 : await then();
}

async function compileForTests(): Promise<void> {
  await buildEveryLanguage();
  // Compilers of guests use one processor, the libraries of the fuzz what there is.
  await Promise.all([buildTestGuests(), buildFuzz()]);
  await fetchTestTools();
  await buildNative();
  await buildMeasured();
  await compileBinary();
}

/** Builds what some test files need: those next to the source need no guests. */
async function compileForFiles(words: readonly string[]): Promise<void> {
  const files = testFilesOf(words);
  const mentions = (word: string) =>
    files.some((path) => Deno.readTextFileSync(path).includes(word));
  if (
    !files.some((path) => path.startsWith("tests/")) && !mentions("bench/") && !mentions("dist/")
  ) {
    return await compile();
  }
  await buildEveryLanguage();
  await buildTestGuests();
  if (mentions("fuzz")) await buildFuzz();
  await fetchTestTools();
  if (mentions("bench/")) {
    await buildNative();
    await buildMeasured();
  }
  await compileBinary();
}

async function compileForBench(): Promise<void> {
  await compile();
  await fetchTestTools();
  await buildNative();
  await buildMeasured();
  await buildMeasuredLanguages();
}

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const task = TASKS[name];
  if (task === undefined) {
    say(`error: Unknown task: ${name} (one of ${Object.keys(TASKS).join(", ")})`);
    return 2;
  }
  Deno.chdir(new URL("../", import.meta.url));
  endOnSignals();
  try {
    return await task(rest);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      say(`error: ${error.message}`);
      say("hint: chown .cache and dist to this user; an earlier run may have been another user's");
      return 1;
    }
    if (!(error instanceof BuildError)) throw error;
    say(`error: ${error.message}`);
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
