/** Runs that end by `--timeout`, on machines of every load. */
import { type CliOptions, type CliResult, runCli } from "./cli.ts";

/** Limits to try: a guest that is still loading when its time ends is cut there. */
export const TIMEOUTS_MS = [300, 2000, 8000];

/** Reports whether the time was over before the guest was ready. */
function isCut({ code, stdout, stderr }: CliResult): boolean {
  return code === 124 || /\bEINTR\b/.test(stderr) || stdout === "" && stderr === "";
}

/**
 * Runs the command with `--timeout` and these words, and a longer time when it was cut; returns the last
 * result.
 */
export async function runBriefly(words: string[], options: CliOptions = {}): Promise<CliResult> {
  let last: CliResult | undefined;
  for (const timeoutMs of TIMEOUTS_MS) {
    last = await runCli(["--timeout", `${timeoutMs}ms`, ...words], options);
    if (!isCut(last)) break;
  }
  if (last === undefined) throw new Error("no limit to try");
  return last;
}

/** Runs `attempt` with one limit after another until it succeeds; the last one's failure counts. */
export async function withTimeouts(
  attempt: (timeoutMs: number) => Promise<void>,
): Promise<void> {
  for (const timeoutMs of TIMEOUTS_MS) {
    try {
      return await attempt(timeoutMs);
    } catch (error) {
      if (timeoutMs === TIMEOUTS_MS.at(-1)) throw error;
    }
  }
}
