/** Explains what the gates of attaching refused, from their line in libbpf's log. */
import { type Policy, USER_PROBES } from "./policy.ts";
import { boundHint, levelHint } from "./refusal.ts";

/** Words for an error. */
export interface AttachRefusal {
  /** After the errno's name. */
  readonly reason: string;
  /** The option to add or to remove. */
  readonly hint: string;
}

const PLACE = /^attach to (\w+):(.*) is refused: (denied|not allowed) (\d+) ?(.*)$/m;
const FREQUENCY = /^frequency (\d+) is refused: at most (\d+)$/m;

/**
 * Explains a refusal.
 *
 * @param log the shim's lines about a failed attach
 * @param target as the guest gave it, for places that the log has as numbers
 * @returns `undefined` when no gate refused anything
 */
export function explainAttachRefusal(
  policy: Policy,
  log: string,
  target: string,
): AttachRefusal | undefined {
  const frequency = FREQUENCY.exec(log);
  if (frequency !== null) {
    const [, wanted, most] = frequency;
    return {
      reason: `${wanted} Hz is more than ${most}, the most that is allowed`,
      hint: `lower the frequency, or raise --max-frequency (maxFrequency)`,
    };
  }
  const place = PLACE.exec(log);
  if (place === null) return undefined;
  const [, kind = "", shown = "", why, group, rule = ""] = place;
  const word = wordOf(kind, shown, target);
  const isUserProbe = (USER_PROBES as readonly string[]).includes(rule);
  if (why === "denied" && isUserProbe && !policy.allowsLevel("inspect")) {
    const reason = `${word} shows arguments of functions of processes: level inspect`;
    return { reason, hint: levelHint(policy, "inspect") };
  }
  const bound = policy.boundOfGroup(Number(group));
  const reason = `${word}: ${
    why === "denied" ? "attaching there is denied" : "not among the places that are allowed"
  }`;
  if (bound !== undefined) return { reason, hint: boundHint(bound) };
  return {
    reason,
    hint: why === "denied"
      ? `remove --deny-attach=${rule} (denyAttach) to allow it`
      : `pass --allow-attach=${word} (allowAttach) only if the module is to be attached there`,
  };
}

/** Interfaces by one word, whatever the kind of program; events and hooks as the guest wrote them. */
function wordOf(kind: string, shown: string, target: string): string {
  switch (kind) {
    case "xdp":
    case "tc":
    case "netkit":
    case "socket":
      return `iface:${shown}`;
    case "perf_event":
      return `perf_event:${target.replace(/@.*$/, "")}`;
    case "netfilter":
      return `netfilter:${target}`;
    default:
      return shown === "" ? kind : `${kind}:${shown}`;
  }
}
