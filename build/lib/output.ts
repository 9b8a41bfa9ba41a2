/** Output of a build: short lines on standard error, so that a guest's own output stays clean. */

const encoder = new TextEncoder();

/** Writes text to standard error as it is, the whole of it. */
export function write(text: string): void {
  writeAll(Deno.stderr, text);
}

/** Writes one line to standard error. */
export function say(line: string): void {
  write(`${line}\n`);
}

/** Writes one line to standard output: results that another program may read. */
export function print(line: string): void {
  writeAll(Deno.stdout, `${line}\n`);
}

/** Seconds since `start` (of `performance.now()`), as text of a fixed width. */
export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s`;
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
