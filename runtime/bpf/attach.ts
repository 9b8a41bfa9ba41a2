/** Attaches a program where its target says. */
import { type BpfLink, type BpfProgram, errno, takeLog } from "../../ffi/mod.ts";
import { type AttachPlan, parseAttachTarget, TargetSyntaxError } from "./attach_target.ts";
import { diagnoseAttach } from "./diagnosis.ts";
import { BpfError } from "./errors.ts";

/**
 * Attaches; the caller closes the link before the object.
 *
 * @param target as the guest gave it; empty for what the section says
 * @throws {BpfError} `EINVAL` for a target that the program's type does not understand, else what the
 *   kernel answered
 */
export function attachProgram(program: BpfProgram, target: string): BpfLink {
  const plan = planFor(program, target);
  takeLog();
  const link = follow(program, plan);
  const log = takeLog();
  if (typeof link === "number") throw diagnoseAttach(program, link, log, target);
  return link;
}

function planFor(program: BpfProgram, target: string): AttachPlan {
  try {
    return parseAttachTarget(program, target);
  } catch (error) {
    if (!(error instanceof TargetSyntaxError)) throw error;
    throw new BpfError(`attach program "${program.name}" to "${target}"`, errno("EINVAL"), {
      reason: error.message,
      hint: error.hint,
      cause: error,
    });
  }
}

function follow(program: BpfProgram, plan: AttachPlan): BpfLink | number {
  switch (plan.kind) {
    case "section":
      return program.attach();
    case "interface":
      return program.attachInterface(plan.name, plan.attachType);
  }
}
