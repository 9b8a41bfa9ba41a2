/** Sums up what programs do, in one line. */
import { type Level, LEVELS } from "../permissions/levels.ts";

/** Parts of a summary. */
interface Summarized {
  readonly type: string;
  readonly target: string | undefined;
  readonly levels: readonly Level[];
}

const DOES: Readonly<Record<Exclude<Level, "observe">, string>> = {
  "inspect": "reads memory of processes and the kernel",
  "network": "sees and can change packets and sockets",
  "control": "decides for other processes",
  "struct-ops": "replaces parts of the kernel",
  "replace": "changes what stays after it ends",
  "write": "writes to memory of processes",
  "never": "does what is never allowed",
};

/** Targets that are named before the rest is counted. */
const SHOWN_TARGETS = 3;

/** Returns a line such as "observes sched_process_exec; reads memory of processes and the kernel". */
export function summarize(programs: readonly Summarized[]): string {
  if (programs.length === 0) return "has no programs";
  const levels = new Set(programs.flatMap((program) => program.levels));
  const effects = LEVELS.filter((level) => levels.has(level))
    .flatMap((level) => level === "observe" ? [] : [DOES[level]]);
  const changes = LEVELS.slice(2).some((level) => levels.has(level));
  return [`observes ${observed(programs)}`, ...effects, ...(changes ? [] : ["changes nothing"])]
    .join("; ");
}

function observed(programs: readonly Summarized[]): string {
  const targets = [
    ...new Set(programs.map(({ type, target }) => target?.split("/").at(-1) ?? type)),
  ];
  const shown = targets.slice(0, SHOWN_TARGETS).join(", ");
  return targets.length <= SHOWN_TARGETS
    ? shown
    : `${shown} and ${targets.length - SHOWN_TARGETS} more`;
}
