/** Permissions of a run, by all the words that it can be given. */
import { Policy } from "../ebpf/mod.ts";
import type { RunOptions } from "./run_options.ts";

/**
 * Returns what the eBPF programs of a run may do.
 *
 * @throws {PermissionError} for an unknown level, helper or kernel function
 */
export function policyOf(
  { permissions = {}, allowWriteUser = false }: {
    permissions?: RunOptions["permissions"];
    allowWriteUser?: boolean | undefined;
  },
): Policy {
  if (!allowWriteUser) return new Policy(permissions);
  return new Policy({ ...permissions, allowBpf: [...permissions.allowBpf ?? [], "write"] });
}
