/**
 * What a guest means by an attach target: text in, plan out. Nothing here touches the system.
 *
 * Forms, kernel minima and errors: `docs/attach-targets.md`.
 */
import { AttachType, ProgramType } from "./program_types.ts";

/** What decides how a program is attached. */
export interface AttachSubject {
  /** `BPF_PROG_TYPE_*`. */
  type: number;
  /** `enum bpf_attach_type`. */
  attachType: number;
  /** The ELF section's name. */
  section: string;
}

/** Where a program goes, checked for form. */
export type AttachPlan =
  | { kind: "section" }
  | { kind: "interface"; name: string; attachType: number };

/** The program's type does not understand the target. */
export class TargetSyntaxError extends Error {
  override name = "TargetSyntaxError";
  /** The right form, for people. */
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

/** `IFNAMSIZ` with its NUL. */
const INTERFACE_MAX_BYTES = 15;

const INTERFACE_FORM = 'the target is the name of a network interface, such as "eth0"';

/**
 * Reads a target.
 *
 * @param target as the guest gave it; empty for what the section says
 * @throws {TargetSyntaxError}
 */
export function parseAttachTarget(program: AttachSubject, target: string): AttachPlan {
  switch (program.type) {
    case ProgramType.XDP:
      return {
        kind: "interface",
        name: interfaceName(target),
        attachType: AttachType.XDP,
      };
    default:
      if (target === "") return { kind: "section" };
      throw new TargetSyntaxError(
        "this kind of program takes no target",
        "its section's name says where it goes: attach it with an empty target",
      );
  }
}

function interfaceName(target: string): string {
  const sizeBytes = new TextEncoder().encode(target).length;
  // As the kernel's dev_valid_name(); the kernel itself gives out nothing else.
  const valid = sizeBytes > 0 && sizeBytes <= INTERFACE_MAX_BYTES &&
    !/[\s/:\0]/.test(target) && target !== "." && target !== "..";
  if (!valid) throw new TargetSyntaxError("that is no name of an interface", INTERFACE_FORM);
  return target;
}
