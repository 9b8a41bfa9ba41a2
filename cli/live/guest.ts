/** Guests whose figures and records are looked at from outside. */
import type { RecordTaker } from "../../records/mod.ts";
import type { RunLine } from "../args/run_options.ts";
import { runWithRecords } from "../records/guest.ts";
import type { RunParts } from "../startup/guest_run.ts";
import { LiveRun } from "./live_run.ts";

/**
 * Runs a guest whose figures another process serves.
 *
 * @param run returns the guest's exit code
 * @param over returns the taker of the records, which hands them to the output
 * @returns that code, or as `runWithRecords()`
 */
export async function runLive(
  line: RunLine,
  name: string,
  run: (parts: Pick<RunParts, "live" | "records" | "onIgnoredSignal">) => number,
  over?: (output: RecordTaker) => RecordTaker,
): Promise<number> {
  const live = await LiveRun.start(line, name, { symbols: false });
  let code: number | undefined;
  try {
    code = await runWithRecords(line, (parts) => run({ ...parts, live }), {
      feed: live.sink,
      over,
    });
    return code;
  } finally {
    await live.end(code);
  }
}
