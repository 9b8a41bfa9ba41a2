/** Warnings about programs that stay in the kernel after the run. */
import type { GuestStats, RemainingMap } from "../../runtime/command.ts";
import { formatCount } from "./units.ts";

/** Uses that keep a kind loaded, and commands to end them. */
const USES: ReadonlyMap<string, string> = new Map([
  [
    "tcp_congestion_ops",
    "run ss -tin to list connections by congestion control; it is unloaded when they end",
  ],
  ["Qdisc_ops", "an interface uses it: run tc qdisc show, then tc qdisc del"],
  ["sched_ext_ops", "the scheduler uses it: read /sys/kernel/sched_ext/state"],
]);

/** Returns a warning and a hint for each map that is still in use. */
export function remainWarnings({ remaining }: Pick<GuestStats, "remaining">): string[] {
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
