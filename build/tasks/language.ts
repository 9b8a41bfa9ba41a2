/** Measures the project's English: see `build/lib/language.ts` for the rules. */
import { BuildError } from "../lib/errors.ts";
import { type Count, countFile, rates } from "../lib/language.ts";
import { print } from "../lib/output.ts";
import { filesUnder } from "../lib/step.ts";

/** Others' words, generated text, and the rules themselves. */
const LEFT_OUT = /^(tests\/data\/|LICENSE|build\/lib\/(language|prose)|build\/permissions\/)/;
const PROSE = /\.(ts|js|c|h|go|rs|wat|sh|md|json|yaml|toml|css|mk|patch)$|(^|\/)Makefile$/;
/** Findings of a rule in an error; `./dev language PATH…` lists all. */
const SHOWN_FINDINGS = 10;
const ROOT_FILES = ["dev", ".ci/run"];

/** Counts all files, or those below some paths. */
function count(paths: readonly string[]): Count {
  const total: Count = { words: 0, findings: [] };
  const isProse = (path: string) => PROSE.test(path) && !LEFT_OUT.test(path);
  const skipped = /^(\.git|\.cache|dist|node_modules)$/;
  const files = [...Deno.readDirSync(".")].flatMap(({ name, isDirectory }) => {
    if (skipped.test(name)) return [];
    return isDirectory ? filesUnder(name, isProse) : [name].filter(isProse);
  });
  for (const path of [...files, ...ROOT_FILES].sort()) {
    if (paths.length > 0 && !paths.some((start) => path.startsWith(start))) continue;
    countFile(total, path, Deno.readTextFileSync(path));
  }
  return total;
}

/**
 * Fails when a pattern is more frequent than its rule accepts.
 *
 * @throws {BuildError} with the rates that are too high
 */
export function checkLanguage(): Promise<void> {
  const counted = count([]);
  const high = rates(counted).filter(({ rule, rate }) => rate > rule.atMost);
  if (high.length === 0) return Promise.resolve();
  const lines = high.flatMap(({ rule, count, rate }) => [
    `${rule.name}: ${count} times, ${rate.toFixed(2)} in 10,000 words, at most ${rule.atMost}; ` +
    `instead: ${rule.instead}`,
    ...counted.findings.filter((finding) => finding.rule === rule).slice(0, SHOWN_FINDINGS)
      .map(({ path, line, excerpt }) => `  ${path}:${line}: ${excerpt}`),
  ]);
  return Promise.reject(
    new BuildError(lines.join("\n"), { hint: "./dev language PATH... lists where" }),
  );
}

/** Prints rates of all files; with paths, also each finding below them. */
export function language(paths: readonly string[]): Promise<number> {
  const counted = count(paths);
  for (const { rule, path, line, excerpt } of paths.length > 0 ? counted.findings : []) {
    print(`${path}:${line}: ${rule.name}: ${excerpt}`);
  }
  print(`${counted.words} words; in 10,000 of them, with the goal and what the check accepts:`);
  for (const { rule, count, rate } of rates(counted)) {
    print(
      `  ${rate.toFixed(2).padStart(6)}  ${rule.goal}  ${rule.atMost}  ${rule.name} (${count})`,
    );
  }
  return Promise.resolve(0);
}
