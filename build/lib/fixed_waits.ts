/**
 * Check of tests: none waits a fixed time for something that it could poll for.
 *
 * A loaded machine makes every fixed wait too short, and an idle one makes it too long.
 */

/** Timers of JavaScript, and sleep(1): in a script, or as a program with arguments. */
const WAIT =
  /\b(setTimeout|setInterval|Atomics\.wait(Async)?)\(|\bsleep (\d|\$\{)|Command\("[^"]*\bsleep"/;

/** Line of a comment, in TypeScript or in a script inside of it. */
const COMMENT = /^\s*(\/\/|#) /;

const REASON = /^\s*(\/\/|#) time: \S/;

/** Reports if the check reads a file: tests wherever they are, and what only tests import. */
export function mayNotWait(path: string): boolean {
  return /(^|\/)tests\/.*\.ts$|_test\.ts$/.test(path) && !/^(\.\/)?tests\/support\//.test(path);
}

/**
 * Returns the numbers of lines, from 1, that wait a fixed time without a comment `time: REASON` in the
 * lines right above.
 */
export function fixedWaits(source: string): number[] {
  const lines = source.split("\n");
  return lines.flatMap((line, i) => {
    if (COMMENT.test(line) || !WAIT.test(line)) return [];
    for (let above = i - 1; COMMENT.test(lines[above] ?? ""); above--) {
      if (REASON.test(lines[above] ?? "")) return [];
    }
    return [i + 1];
  });
}
