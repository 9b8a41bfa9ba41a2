/** Permissions of eBPF programs on the command line. */
import { type GrantableLevel, PermissionError, type Permissions, Policy } from "../../ebpf/mod.ts";
import { UsageError } from "../errors.ts";
import { nearest } from "./options.ts";
import type { RunLine, RunOption } from "./run_options.ts";

/**
 * Returns the permissions of a command line.
 *
 * @throws {UsageError} for an unknown level, helper or kernel function, with the nearest one
 */
export function permissionsOf(line: RunLine): Permissions {
  const words = (option: RunOption) =>
    (line.lists?.[option] ?? []).flatMap((text) => text.split(","));
  const levels = (option: RunOption) => words(option) as GrantableLevel[];
  const alsoWrite: GrantableLevel[] = line.flags.has("allow-write-user") ? ["write"] : [];
  const permissions: Permissions = {
    allowBpf: [...levels("allow-bpf"), ...alsoWrite],
    denyBpf: levels("deny-bpf"),
    allowHelper: words("allow-helper"),
    denyHelper: words("deny-helper"),
    allowKfunc: words("allow-kfunc"),
    denyKfunc: words("deny-kfunc"),
    strict: line.flags.has("strict"),
  };
  try {
    new Policy(permissions);
    return permissions;
  } catch (error) {
    if (!(error instanceof PermissionError)) throw error;
    const close = nearest(error.word, [...error.known]);
    const hint = close === undefined ? error.hint : `did you mean ${close}? ${error.hint}`;
    throw new UsageError(error.message, hint);
  }
}
