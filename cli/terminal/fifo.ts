/** FIFOs as outputs. */
import fs from "node:fs";
import { TimedOutError } from "../errors.ts";
import { parseDuration } from "./duration.ts";

/** Time between two looks for a reader, which no system call waits for without blocking. */
const LOOK_MS = 20;

/**
 * Opens a FIFO for writing as soon as it has a reader. `Deno.open()` would block the thread until then,
 * and with it what a signal calls.
 *
 * @param name its name in errors
 * @param timeout value of `--timeout`; default: no limit
 * @throws {TimedOutError}; Deno's and Node's errors, with an errno as `code`
 */
export async function openFifo(path: string, name: string, timeout?: string): Promise<Deno.FsFile> {
  const limitMs = timeout === undefined ? Infinity : parseDuration(timeout, "--timeout");
  const until = performance.now() + limitMs;
  for (;;) {
    const probe = openNow(path);
    if (probe !== undefined) return await reopened(path, probe);
    if (performance.now() >= until) {
      throw new TimedOutError(`Cannot write "${name}": no reader within --timeout ${timeout}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/**
 * Opens the FIFO once more, for writes that wait for its reader. The reader sees no end in between: the
 * first descriptor is closed afterwards.
 */
async function reopened(path: string, probe: number): Promise<Deno.FsFile> {
  try {
    // Open for both, so that a reader that leaves right now does not make the next line wait.
    using _both = await Deno.open(path, { read: true, write: true });
    return await Deno.open(path, { write: true });
  } finally {
    fs.closeSync(probe);
  }
}

/** Returns undefined without a reader. */
function openNow(path: string): number | undefined {
  const { O_WRONLY, O_NONBLOCK } = fs.constants;
  try {
    return fs.openSync(path, O_WRONLY | O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENXIO") return undefined;
    throw error;
  }
}
