/** Warnings printed at exit: lost and truncated events, and programs that stay in the kernel. */
import type { GuestStats, HeldPart, RemainingMap } from "../../runtime/command.ts";
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

/** Uses that keep a kind loaded, and commands to end them. */
const USES: ReadonlyMap<string, string> = new Map([
  [
    "tcp_congestion_ops",
    "run ss -tin to list connections by congestion control; it is unloaded when they end",
  ],
  ["Qdisc_ops", "an interface uses it: run tc qdisc show, then tc qdisc del"],
  ["sched_ext_ops", "the scheduler uses it: read /sys/kernel/sched_ext/state"],
]);

/** Most lines about parts that other processes hold. */
const MAX_HELD_LINES = 8;

/** Parts that are left after a run. */
type Left = {
  readonly [name in "remaining" | "held"]: readonly GuestStats[name][number][];
};

/** Returns warnings and hints for parts that are still in the kernel. */
export function remainWarnings({ remaining, held }: Left): string[] {
  return [...structOpsWarnings(remaining), ...heldWarnings(held)];
}

/** Names each part with a holder of its own; a map that a held program uses goes with it. */
function heldWarnings(held: readonly HeldPart[]): string[] {
  const isFound = (part: HeldPart) => part.process !== undefined || part.pin !== undefined;
  const found = held.filter(isFound);
  const shown = found.length > 0 ? found : held;
  const lines = shown.slice(0, MAX_HELD_LINES)
    .map((part) => `warning: ${part.kind} "${part.name}" stays in the kernel: ${holderOf(part)}`);
  const more = held.length - lines.length;
  if (more > 0) lines.push(`warning: ${formatCount(more, "other part")} of the run with it`);
  const [first] = shown;
  if (first === undefined) return [];
  return [...lines, `hint: ${advice(first)}`];
}

function holderOf({ process, pin }: HeldPart): string {
  if (process !== undefined) return `process ${process.pid} (${process.command}) has it open`;
  return pin === undefined ? "it is in use, and no process or pin was found" : `pinned as ${pin}`;
}

function advice({ kind, id, process, pin }: HeldPart): string {
  const show = `bpftool ${kind === "program" ? "prog" : "map"} show id ${id}`;
  if (process !== undefined) return `end process ${process.pid} to unload it (${show})`;
  if (pin !== undefined) return `remove ${pin} to unload it (${show})`;
  return `look for pins in other mount namespaces (${show})`;
}

function structOpsWarnings(remaining: readonly RemainingMap[]): string[] {
  return remaining.flatMap((map) => [
    `warning: ${map.kind} "${map.name}" stays in the kernel with its programs: ${reason(map)}`,
    `hint: ${USES.get(map.kind) ?? "something uses it"} (bpftool map show id ${map.id})`,
  ]);
}

function reason({ kind, socketsLeft, socketsRestored }: RemainingMap): string {
  if (kind !== "tcp_congestion_ops") return "it is in use";
  const restored = socketsRestored > 0
    ? `; ${formatCount(socketsRestored, "other")} got the default back`
    : "";
  return socketsLeft === 0
    ? `its user was not found${restored}`
    : `${formatCount(socketsLeft, "socket")} of no process within reach ${
      socketsLeft === 1 ? "uses" : "use"
    } it${restored}`;
}
