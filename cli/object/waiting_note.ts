/** Lines about a run that has nothing to show: which programs are attached, and what they wait for. */
import type { PlainSession } from "../../ebpf/plain/mod.ts";

/** Programs that are named; objects have hundreds. */
const MAX_SHOWN = 6;

/** Facts about a run that waits. */
export interface WaitingRun {
  readonly session: Pick<PlainSession, "links" | "programs">;
  /** Targets of programs that their sections do not name. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
  /** Maps that are shown at the end alone. */
  readonly lastTables: readonly string[];
}

/** Names the programs that are attached, with their places. */
export function attachedText({ session, targets }: WaitingRun): string {
  const names = [...session.links.keys()];
  const shown = names.slice(0, MAX_SHOWN).map((name) => {
    const places = targets.get(name)?.filter((target) => target !== "") ?? [];
    const place = places.length > 0
      ? places.join(", ")
      : session.programs.get(name)?.section.replace(/^\?/, "") ?? "";
    return place === "" || place === name ? name : `${name} (${place})`;
  });
  const more = names.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** Returns the line of a run that waits for its first record. */
export function waitingText(run: WaitingRun): string {
  const [first] = run.lastTables;
  const next = first === undefined
    ? "no record yet"
    : `map "${first}" is shown at the end: press Ctrl-C, or pass --interval 1s`;
  return `note: attached: ${attachedText(run)}; ${next}`;
}

/** Returns the line of a run that ended without a record. */
export function idleText(run: WaitingRun): string {
  return `note: no record came while these were attached: ${attachedText(run)}`;
}
