/** Runs the measured guest and its native twin in turn. */
import { median, type Spread, spreadOf } from "./report.ts";

const OBJECT = "dist/bench/measure.bpf.o";
const PROGRAMS = {
  native: [".cache/bench/measure", OBJECT],
  guest: ["dist/wasm-bpf", "dist/bench/measure.wasm"],
} as const;

/** Which of the two. */
export type Side = keyof typeof PROGRAMS;

/**
 * The words of a command in a mount namespace where tracefs is mounted, which libbpf needs; both sides
 * run in one.
 */
export function withTracefs(...command: string[]): [string, string[]] {
  const script = `mount --make-rprivate /sys
    test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
    exec "$@"`;
  return ["unshare", [
    ...["--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, "sh"],
    ...command,
  ]];
}

/** The words that run one side with some arguments. */
export function measured(side: Side, ...args: string[]): [string, string[]] {
  return withTracefs(...PROGRAMS[side], ...args);
}

/** Runs one side to its end; what it printed. */
export async function run(side: Side, ...args: string[]): Promise<string> {
  return await runThrough([], side, ...args);
}

/** Runs one side through another command. */
export async function runThrough(
  through: readonly string[],
  side: Side,
  ...args: string[]
): Promise<string> {
  const [program, words] = withTracefs(...through, ...PROGRAMS[side], ...args);
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: words,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${side} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Runs one side to its end, and gives the figures that it prints. */
export type Run = (side: Side) => Promise<string>;

/** One figure of both sides, and how they compare pair by pair. */
export interface Comparison {
  native: number;
  wasmBpf: number;
  ratio: number;
  spread: Spread;
}

/** Runs the measured guest and its twin in turn, `pairs` times, so many rounds each. */
export async function compare(
  commands: Readonly<Record<Side, string>>,
  options: { pairs: number; rounds: number },
): Promise<Comparison> {
  const { pairs, rounds } = options;
  return await compareRuns((side) => run(side, commands[side], String(rounds)), pairs);
}

/**
 * Runs both sides in turn, `pairs` times. Each run prints a figure per round, of which the later half
 * counts: by then V8 has compiled what is hot.
 */
export async function compareRuns(runSide: Run, pairs: number): Promise<Comparison> {
  const figures: Record<Side, number[]> = { native: [], guest: [] };
  for (let pair = 0; pair < pairs; pair++) {
    for (const side of ["native", "guest"] as const) {
      const rounds = (await runSide(side)).trim().split("\n").map(Number);
      figures[side].push(median(rounds.slice(rounds.length >> 1)));
    }
  }
  const ratios = figures.guest.map((figure, pair) => figure / (figures.native[pair] ?? NaN));
  return {
    native: median(figures.native),
    wasmBpf: median(figures.guest),
    ratio: median(ratios),
    spread: spreadOf(ratios),
  };
}
