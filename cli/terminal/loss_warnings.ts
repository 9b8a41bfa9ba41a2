/** Warnings about lost and truncated events, printed at exit. */
import type { GuestStats } from "../../runtime/command.ts";
import { formatCount } from "./units.ts";

/** Returns a line for each map with lost or truncated events. */
export function lossWarnings({ buffers }: GuestStats): string[] {
  return buffers.flatMap(({ map, lostEvents, truncatedEvents }) => [
    ...lostEvents
      ? [`warning: map "${map}": ${events(lostEvents)} lost: they came faster than they were read`]
      : [],
    ...truncatedEvents
      ? [`warning: map "${map}": ${events(truncatedEvents)} cut to the size of the module's buffer`]
      : [],
  ]);
}

function events(count: number): string {
  return formatCount(count, "event");
}
