/** Netfilter hooks by name: families, hooks and priorities. */
import { TargetSyntaxError } from "./target_parts.ts";

/** Form of a target. */
export const NETFILTER_FORM =
  'the target is FAMILY:HOOK:PRIORITY: ipv4 or ipv6; prerouting, local_in, forward, local_out or postrouting; a number, such as "ipv4:local_in:-128"';

/** `NFPROTO_*` of `linux/netfilter.h`: the two that eBPF can be attached to. */
export const FAMILIES = new Map([["ipv4", 2], ["ipv6", 10]]);

/** `enum nf_inet_hooks`, by the kernel's names and nftables'. */
export const HOOKS = new Map([
  ...["prerouting", "local_in", "forward", "local_out", "postrouting"].entries(),
  [0, "pre_routing"] as const,
  [1, "input"] as const,
  [3, "output"] as const,
  [4, "post_routing"] as const,
].map(([number, name]) => [name, number]));

/**
 * Reads `FAMILY[:HOOK[:PRIORITY]]` of a permission, as numbers and patterns, such as `2:1:*`.
 *
 * @throws {TargetSyntaxError}
 */
export function netfilterHook(target: string): string {
  const [familyName = "", hookName = "*", priority = "*", ...rest] = target.split(":");
  const family = familyName === "*" ? "*" : FAMILIES.get(familyName);
  const hook = hookName === "*" ? "*" : HOOKS.get(hookName);
  if (
    family === undefined || hook === undefined || rest.length > 0 ||
    !/^(\*|-?\d{1,10})$/.test(priority)
  ) {
    throw new TargetSyntaxError("not a netfilter hook", NETFILTER_FORM);
  }
  return `${family}:${hook}:${priority}`;
}
