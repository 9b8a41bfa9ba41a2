/** Probes of the running kernel, which load and attach programs that do nothing. */
import { tracingShim } from "./tracing.ts";

/** Features that can be tried: `enum shim_feature`. */
export const KernelFeature = {
  Tracepoint: 1,
  RawTracepoint: 2,
  Kprobe: 3,
  Uprobe: 4,
  Fentry: 5,
  TpBtf: 6,
  Iterator: 7,
  Lsm: 8,
  PerfEvent: 9,
  Xdp: 10,
} as const;

/** Tries a feature by loading and attaching a program for a moment: 0 or a negative errno. */
export function tryFeature(feature: number): number {
  return tracingShim().shim_kernel__try(feature);
}

/** Reports whether programs of a type may call a helper: 1, 0 or a negative errno. */
export function hasHelper(programType: number, helper: number): number {
  return tracingShim().shim_kernel__has_helper(programType, helper);
}
