import { basename } from "node:path";
import { BuildError } from "../lib/errors.ts";
import { fixedWaits, mayNotWait } from "../lib/fixed_waits.ts";
import { add, type Counts, describe, NONE, readJunit } from "../lib/junit.ts";
import {
  importCircles,
  importsOf,
  includesOf,
  layeringViolations,
  type ModuleGraph,
} from "../lib/layering.ts";
import { print, say, secondsSince, write } from "../lib/output.ts";
import { run, runAttached, TIME_IS_UP } from "../lib/process.ts";
import { fileState, filesUnder } from "../lib/step.ts";
import { smallFiles } from "../lib/small_files.ts";
import { checkLanguage } from "./language.ts";

interface Check {
  readonly name: string;
  /** Throws a {@linkcode BuildError} if the check fails. */
  run(): Promise<unknown>;
}

const REPORT = ".cache/junit.xml";

/** Three times what a lane of all tests takes: one that hangs is a fault to report, not to wait for. */
const LANE_MS = 40 * 60_000;

/**
 * Tests that look at nothing in the kernel that others may change, and that run next to the others: so
 * many that both lanes take the same time.
 */
const APART = new RegExp([
  "^(?!tests/)",
  "^tests/(?:oci|wasi|kernels|deploy)/",
  "^tests/authors/(?:bindgen_|gen_|trap_stacks|example_options)",
  "^tests/cli/(?:new|command_line|completion)_",
  "^tests/sandbox/escape_",
].join("|"));

/** Modules that others are meant to import: everything they export is documented. */
const PUBLIC_MODULES = ["bindgen", "ffi", "oci", "records", "runtime", "service"].map((folder) =>
  `${folder}/mod.ts`
);

const SHELL_SCRIPTS = ["dev", ".ci/run", "tests/support/kernel_vm"];

const CHECKS: readonly Check[] = [
  { name: "format", run: () => hinting("run ./dev format", () => run("deno", ["fmt", "--check"])) },
  { name: "format of C", run: () => hinting("run ./dev format", checkClangFormat) },
  { name: "lint", run: () => run("deno", ["lint"]) },
  { name: "lint of shell scripts", run: () => run("shellcheck", SHELL_SCRIPTS) },
  { name: "types", run: () => run("deno", ["check", "."]) },
  { name: "documentation", run: checkDocumentation },
  { name: "layering", run: checkLayering },
  { name: "small files", run: checkSmallFiles },
  { name: "waits of tests", run: checkWaits },
  { name: "language", run: checkLanguage },
];

/**
 * Runs every check and test, all of them even when one fails, and prints the counts as the last line.
 * The exit code is 1 when something failed or no test ran.
 *
 * @param make builds what the tests need; counts as a check
 */
export async function gate(make: () => Promise<void>): Promise<number> {
  const counts = await runChecks([{ name: "build", run: make }, ...CHECKS]);
  const tests = await runInLanes(testFiles());
  return conclude(add(counts, tests), tests);
}

/** Runs every check without the tests, and what they need is built first. */
export async function checksOnly(make: () => Promise<void>): Promise<number> {
  const counts = await runChecks([{ name: "build", run: make }, ...CHECKS]);
  return conclude(counts, counts);
}

async function runChecks(checks: readonly Check[]): Promise<Counts> {
  let counts = NONE;
  for (const check of checks) counts = add(counts, await runCheck(check));
  return counts;
}

/** The files and folders among words for `deno test` that are not there. */
export function missingFiles(words: readonly string[]): string[] {
  // The word after an option may be its value.
  const isOption = (word = "") => word.startsWith("-");
  return words.filter((word, i) =>
    !isOption(word) && !isOption(words[i - 1]) && fileState(word) === undefined
  );
}

/** Returns the test files among words for `deno test`, and in the directories among them. */
export function testFilesOf(words: readonly string[]): string[] {
  const isTest = (path: string) => path.endsWith("_test.ts");
  return words.flatMap((word) => {
    const path = word.replace(/^\.\/|\/$/g, "");
    const state = fileState(path);
    if (state === undefined) return [];
    return Deno.statSync(path).isDirectory ? filesUnder(path, isTest) : [path].filter(isTest);
  });
}

/** Runs the tests in some files or folders only. */
export async function testOnly(files: readonly string[]): Promise<number> {
  const tests = await runTests(files, files.filter((path) => path.endsWith("_test.ts")));
  return conclude(tests, tests);
}

/**
 * Runs the tests that have a long form, in it; the tests of some files or folders only when there are
 * any.
 */
export async function soak(files: readonly string[]): Promise<number> {
  const hasLongForm = (path: string) =>
    /from "[./]+\/support\/(soak|generated)\.ts"/.test(Deno.readTextFileSync(path));
  Deno.env.set("WASM_BPF_SOAK", "1");
  const all = sourceFiles((path) => path.endsWith("_test.ts"));
  return await testOnly(files.length > 0 ? files : all.filter(hasLongForm));
}

/**
 * Runs the cases of `tests/kernels` under other kernels.
 *
 * @param words kernels and names of cases; all of them without words
 */
export async function matrix(words: readonly string[]): Promise<number> {
  Deno.env.set("WASM_BPF_MATRIX", words.join(" "));
  return await testOnly(["tests/kernels/matrix_test.ts"]);
}

function conclude(all: Counts, tests: Counts): number {
  print(describe(all));
  return all.failed > 0 || tests.passed + tests.failed === 0 ? 1 : 0;
}

async function runCheck(check: Check): Promise<Counts> {
  const start = performance.now();
  try {
    await check.run();
    say(`check  ${check.name} …${secondsSince(start)}`);
    return { ...NONE, passed: 1 };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    say(`check  ${check.name} …  failed`);
    say(error.message);
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
    return { ...NONE, failed: 1 };
  }
}

/**
 * Runs all tests: those that share the kernel one after another, and at the same time those that do
 * not. The output of the latter follows at the end.
 */
async function runInLanes(files: readonly string[]): Promise<Counts> {
  const apart = files.filter((path) => APART.test(path));
  const rest = files.filter((path) => !APART.test(path));
  const log = ".cache/tests_apart.log";
  // Types are checked before, and an error in them should not keep the tests from running.
  const [first, second] = await Promise.all([
    runTests(["--no-check", ...rest], rest, { limitMs: LANE_MS }),
    runTests(["--no-check", ...apart], apart, {
      report: ".cache/junit_apart.xml",
      log,
      limitMs: LANE_MS,
    }),
  ]);
  write(await Deno.readTextFile(log));
  return add(first, second);
}

/**
 * Runs tests, one after another since they share a kernel.
 *
 * @param expected test files of which each must have run at least one test: one that cannot be
 *   loaded is not in the report
 * @param options `report`: path of the JUnit report; `log`: file for the output instead of this
 *   terminal; `limitMs`: time after which the run is ended
 */
async function runTests(
  args: readonly string[],
  expected: readonly string[],
  { report: path = REPORT, log, limitMs }: { report?: string; log?: string; limitMs?: number } = {},
): Promise<Counts> {
  if (fileState(path) !== undefined) await Deno.remove(path);
  const words = ["test", "-A", `--junit-path=${path}`, ...args];
  const code = log === undefined
    ? await runAttached("deno", words, { limitMs })
    : await runAttached("sh", ["-c", 'exec deno "$@" >"$0" 2>&1', log, ...words], { limitMs });
  write("\n");
  if (code === TIME_IS_UP) {
    say(
      `error: Tests were ended after ${(limitMs ?? 0) / 60_000} minutes; the last one shown hangs`,
    );
    return { ...NONE, failed: 1 };
  }
  const report = fileState(path) === undefined ? "" : await Deno.readTextFile(path);
  const { counts, files } = readJunit(report);
  const silent = expected.filter((path) => !files.includes(path.replace(/^\.\//, "")));
  for (const path of silent) say(`error: No test ran in ${path}`);
  const failed = counts.failed + silent.length;
  return { ...counts, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** Folders of the checkout that are not ours to look into. */
const SKIPPED = /^(\.git|\.cache|dist|node_modules)$/;

function sourceFiles(matches: (path: string) => boolean): string[] {
  return [...Deno.readDirSync(".")].flatMap(({ name, isDirectory }) => {
    if (SKIPPED.test(name)) return [];
    return isDirectory ? filesUnder(name, matches) : [name].filter(matches);
  }).sort();
}

/** The files of tests, but those that are for the soak alone. */
function testFiles(): string[] {
  return sourceFiles((path) => path.endsWith("_test.ts") && !path.endsWith("_soak_test.ts"));
}

async function checkClangFormat(): Promise<void> {
  await run("clang-format", ["--dry-run", "-Werror", ...filesOfC()]);
}

function filesOfC(): string[] {
  return sourceFiles((path) => /\.[ch]$/.test(path));
}

/** Lays out TypeScript, JSON, Markdown and C as the checks of the format require. */
export async function format(): Promise<number> {
  await run("deno", ["fmt"]);
  await run("clang-format", ["-i", ...filesOfC()]);
  return 0;
}

/** Adds a hint to the error of a check. */
async function hinting(hint: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new BuildError(error.message, { hint });
  }
}

async function checkDocumentation(): Promise<void> {
  const modules = PUBLIC_MODULES.filter((path) => fileState(path) !== undefined);
  if (modules.length > 0) await run("deno", ["doc", "--lint", ...modules]);
}

async function checkLayering(): Promise<void> {
  const root = new URL("../../", import.meta.url).href;
  const modules = sourceFiles((path) => path.endsWith(".ts"));
  // One entry that imports everything: a graph of the files that main.ts does not reach as well.
  const entry = ".cache/all_modules.ts";
  const imports = modules.map((path) => `import ${JSON.stringify(root + path)};\n`);
  await Deno.writeTextFile(entry, imports.join(""));
  const graph = JSON.parse(await run("deno", ["info", "--json", entry])) as ModuleGraph;
  const ours = importsOf(graph, root).filter(({ from }) => from !== entry);
  const shim = sourceFiles((path) => /^libbpf-shim\/[^/]+\.[ch]$/.test(path));
  const sources = new Map(shim.map((path) => [basename(path), Deno.readTextFileSync(path)]));
  const violations = [
    ...layeringViolations(ours),
    ...importCircles(ours),
    ...importCircles(includesOf(sources)),
  ];
  if (violations.length > 0) throw new BuildError(violations.join("\n"));
}

async function checkSmallFiles(): Promise<void> {
  const lines = new Map<string, number>();
  for (const path of sourceFiles((path) => /\.(ts|c)$/.test(path))) {
    lines.set(path, (await Deno.readTextFile(path)).split("\n").length - 1);
  }
  const problems = smallFiles(lines);
  if (problems.length === 0) return;
  throw new BuildError(problems.join("\n"), {
    hint: "or write the reason why it is a file in build/lib/small_files.ts",
  });
}

async function checkWaits(): Promise<void> {
  const waits: string[] = [];
  for (const path of sourceFiles(mayNotWait)) {
    for (const line of fixedWaits(await Deno.readTextFile(path))) waits.push(`${path}:${line}`);
  }
  if (waits.length === 0) return;
  throw new BuildError(`Tests wait a fixed time:\n${waits.join("\n")}`, {
    hint: "poll with until() of tests/support/condition.ts, or write `// time: REASON` above",
  });
}
