/** Refusals of the shim's own: maps and programs that the kernel was never asked for. */
import { errno } from "../ffi/mod.ts";

/** Explanation of an errno, by libbpf's log. The first that fits counts. */
export interface Cause {
  log?: RegExp;
  errno?: number;
  /** Follows the errno's name in place of its own words. */
  reason?: string | ((log: string) => string);
  hint?: string;
}

const MEMORY =
  /^map '.*' is refused: it takes (\d+) bytes, other maps (\d+) of the (\d+) bytes that/m;
const RULE = /^map '.*' is refused: (.*)$/m;
const PROGRAMS = /^.* (?:is|are) refused: .* the limit(?: is (\d+))?$/m;
const INTERRUPTED = /^interrupted before (creating map|loading program) '(.*)'$/m;

/** A size in MiB, with one digit after the point. */
function mebibytes(bytes: string | undefined): string {
  return `${(Number(bytes) / 2 ** 20).toFixed(1)} MiB`;
}

/** Causes of refusals in budget.c and map_rules.c. */
export const REFUSALS: readonly Cause[] = [
  {
    errno: errno("ENOMEM"),
    log: MEMORY,
    reason: (log) => {
      const [, bytes, others, limit] = MEMORY.exec(log) ?? [];
      return `the map takes ${mebibytes(bytes)} when it is full, other maps ${
        mebibytes(others)
      }; ` +
        `the limit of all maps is ${mebibytes(limit)}`;
    },
    hint: "lower the map's max_entries, or raise --max-maps-memory (limits.maxMapsMemory)",
  },
  {
    errno: errno("EMFILE"),
    log: PROGRAMS,
    reason: "too many programs",
    hint: "close objects that are not needed, or raise --max-programs (limits.maxPrograms)",
  },
  {
    errno: errno("EINTR"),
    log: INTERRUPTED,
    reason: (log) => {
      const [, what, name] = INTERRUPTED.exec(log) ?? [];
      return `interrupted before ${what} "${name}"`;
    },
  },
  {
    errno: errno("EINVAL"),
    log: RULE,
    reason: (log) => RULE.exec(log)?.[1] ?? "",
    hint: "docs/sandbox.md lists the map types and flags that an object may have",
  },
];
