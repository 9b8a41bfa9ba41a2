/** The tables under "Speed" in `README.md`: the figures of every benchmark, from one run. */
import { basename } from "node:path";
import { benchPrograms } from "./bench.ts";
import { BuildError } from "../lib/errors.ts";
import { say } from "../lib/output.ts";
import { run } from "../lib/process.ts";
import { writeFile } from "../lib/step.ts";

const README = "README.md";
const START = "<!-- made by ./dev speed -->";
const END = "<!-- end of what ./dev speed made -->";

/** A row as benchmarks print it with `--json`. */
export interface SpeedRow {
  unit: string;
  /** Name, native, wasm-bpf, ratio, bounds. */
  cells: readonly string[];
  /** True if it keeps its bounds. */
  met: boolean;
}

/** Machine and program that were measured. */
export interface Measured {
  date: string;
  commit: string;
  cores: number;
  kernel: string;
}

/** Runs every benchmark and writes the tables. Returns the exit code: 1 when a bound was missed. */
export async function writeSpeed(): Promise<number> {
  const rows: SpeedRow[] = [];
  for (const path of benchPrograms()) {
    say(`bench  ${basename(path, ".ts")}`);
    rows.push(...await rowsOf(path));
  }
  const text = await Deno.readTextFile(README);
  writeFile(README, withSpeed(text, rows, await factsOfMachine()));
  await run("deno", ["fmt", "--quiet", README]);
  say(`speed  ${README}`);
  return rows.every(({ met }) => met) ? 0 : 1;
}

async function rowsOf(path: string): Promise<SpeedRow[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, "--json"],
    stdin: "null",
    stderr: "inherit",
  }).output();
  const line = new TextDecoder().decode(stdout).trim();
  // Some have nothing to compare with on this machine.
  if (line === "") return [];
  return JSON.parse(line);
}

async function factsOfMachine(): Promise<Measured> {
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] })
    .output();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: new TextDecoder().decode(stdout).trim(),
    cores: navigator.hardwareConcurrency,
    kernel: Deno.osRelease().split(".").slice(0, 2).join("."),
  };
}

/**
 * Returns a README with new tables: rows of nano- and microseconds, then all others.
 *
 * @throws {BuildError} when the README has no place for them
 */
export function withSpeed(readme: string, rows: readonly SpeedRow[], measured: Measured): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) {
    throw new BuildError(`Cannot write the tables of speed: ${README} lacks "${START}"`);
  }
  const { date, commit, cores, kernel } = measured;
  const facts = `Measured on ${date} at commit ${commit}, on a machine with ${cores} cores and ` +
    `Linux ${kernel}. Ratios are medians of the ratios pair by pair, with the 10th and 90th of 100.`;
  const isCall = ({ unit }: SpeedRow) => unit === "ns" || unit === "us";
  const tables = [
    table("per event or call", rows.filter(isCall)),
    table("per run", rows.filter((row) => !isCall(row))),
  ];
  const middle = [START, facts, ...tables].filter((part) => part !== "").join("\n\n");
  return `${readme.slice(0, start)}${middle}\n\n${readme.slice(end)}`;
}

function table(title: string, rows: readonly SpeedRow[]): string {
  if (rows.length === 0) return "";
  const lines = [
    [title, "native", "wasm-bpf", "ratio", "at most"],
    ["---", "---", "---", "---", "---"],
    ...rows.map(({ cells }) => cells),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
