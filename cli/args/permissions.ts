/** Permissions of eBPF programs on the command line. */
import {
  type AttachWord,
  type GrantableLevel,
  PermissionError,
  type Permissions,
  Policy,
} from "../../ebpf/mod.ts";
import { UsageError } from "../errors.ts";
import { nearest } from "../../ffi/nearest.ts";
import type { RunLine, RunOption } from "./run_options.ts";

/**
 * Returns the permissions of a command line.
 *
 * @throws {UsageError} for an unknown level, helper, kernel function or kind of place, with the
 *   nearest one
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
    allowAttach: places(line, "allow-attach"),
    denyAttach: places(line, "deny-attach"),
    ...frequencyOf(line),
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

/** A comma separates words only where one begins after it: paths may have commas. */
function places(line: RunLine, option: RunOption): AttachWord[] {
  return (line.lists?.[option] ?? [])
    .flatMap((text) => text.split(/,(?=[a-z_.]+(?:[:,]|$))/)) as AttachWord[];
}

/** Highest rate that perf_event_open(2) takes: a 32-bit number of the kernel's setting. */
const MAX_HERTZ = 2 ** 31 - 1;

function frequencyOf({ values }: RunLine): Pick<Permissions, "maxFrequency"> {
  const text = values["max-frequency"];
  if (text === undefined) return {};
  const maxFrequency = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (maxFrequency < 1 || maxFrequency > MAX_HERTZ) {
    throw new UsageError(
      `Cannot use --max-frequency "${text}": not a number from 1 to ${MAX_HERTZ}`,
    );
  }
  return { maxFrequency };
}
