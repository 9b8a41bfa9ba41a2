/**
 * The kernel's side of a run, without WebAssembly.
 *
 * @module
 */
export * from "./permissions/mod.ts";
export { attachProgram } from "./attach.ts";
export { type AttachPlan } from "./attach_target.ts";
export {
  diagnoseConfigure,
  diagnoseGlobal,
  diagnoseLoad,
  diagnoseOpen,
  diagnoseSetTarget,
  withoutPrefix,
} from "./diagnosis.ts";
export { BpfError } from "./errors.ts";
export { kernelHint } from "./kernel_support.ts";
export { createBudget, type KernelLimits, LinkCount, lowestLimits } from "./limits.ts";
export { holdsEvents, type MapAccess, mapAccess, MapType, refusalReason } from "./map_types.ts";
export { attachRulesOf, permitObject } from "./permit.ts";
export { type Words } from "./probe_refusals.ts";
export { ProgramType } from "./program_types.ts";
export { type Remains, settle } from "./remains.ts";
export { Reports } from "./reports.ts";
export { TargetSyntaxError, utf8Length, wholeNumber } from "./target_parts.ts";
