/** Preparation of a run: what has to exist before the thread is confined. */
import {
  AttachRules,
  type Budget,
  describeErrno,
  type Interrupt,
  ProgramStatistics,
  readKernelTypesAhead,
  system,
  WaitingCommand,
} from "../../ffi/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { BpfError } from "../errors.ts";
import { createBudget, type KernelLimits, lowestLimits, MAX_LINKS } from "../limits.ts";
import type { Policy } from "../permissions/mod.ts";
import { attachRulesOf } from "../permit.ts";

/** Resources of a run until its end. */
export interface RunPlan extends Disposable {
  readonly budget: Budget;
  readonly rules: AttachRules | undefined;
  readonly maxLinks: number;
}

/**
 * Makes the limits and rules of a run; what its words name is looked up now.
 *
 * @param options.isAlone false if other threads of the process need its descriptors; default: true
 */
export function planRun(
  interrupt: Interrupt,
  policy: Policy,
  { isAlone = true, ...words }: KernelLimits & { readonly isAlone?: boolean },
): RunPlan {
  // Where it is forbidden, map operations are a tenth slower.
  readKernelTypesAhead();
  if (isAlone) system.unshareDescriptors();
  const held = new DisposableStack();
  const rules = attachRulesOf(policy);
  if (rules !== undefined) held.use(rules);
  // Policies bound an object as they bound a guest.
  const limits = lowestLimits(words, policy.limits);
  const budget = held.use(createBudget(interrupt, limits));
  const maxLinks = limits.maxLinks ?? MAX_LINKS;
  return { budget, rules, maxLinks, [Symbol.dispose]: () => held.dispose() };
}

/**
 * Makes the kernel count how often and how long programs run, until the result is disposed.
 *
 * @throws {BpfError} without CAP_SYS_ADMIN or before Linux 5.8
 */
export function countPrograms(): Disposable {
  const counting = ProgramStatistics.enable();
  if (typeof counting !== "number") return counting;
  throw new BpfError("count how long programs run", counting, {
    hint: "run it as root or with CAP_SYS_ADMIN, or set kernel.bpf_stats_enabled=1",
  });
}

/** Command that waits until everything is attached. */
export type TracedCommand = WaitingCommand;

/**
 * Makes the process of a command, which waits for `start()`.
 *
 * @throws {HostError} `COMMAND` where no process can be made
 */
export function startCommand(words: readonly string[]): TracedCommand {
  const command = WaitingCommand.create(words);
  if (typeof command !== "number") return command;
  throw new HostError(`Cannot run "${words[0]}": ${describeErrno(command)}`, { code: "COMMAND" });
}
