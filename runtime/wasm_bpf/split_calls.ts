/**
 * Calls with 64-bit parameters in halves: WebAssembly hands an `i64` to JavaScript as a bigint, which
 * costs an allocation a call.
 */
import type { FunctionImport } from "../wasm/imports.ts";

/**
 * ```wat
 * (module
 *   (type $o (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
 *   (type $p (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 *   (import "h" "o" (func $operate (type $o)))
 *   (import "h" "p" (func $poll (type $p)))
 *   (func (export "o") (param i32 i32 i32 i32 i32 i64) (result i32)
 *     (call $operate (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
 *       (i32.wrap_i64 (local.get 5)) (i32.wrap_i64 (i64.shr_u (local.get 5) (i64.const 32)))))
 *   (func (export "p") (param i64 i32 i32 i32 i32 i32 i32) (result i32)
 *     (call $poll (i32.wrap_i64 (local.get 0)) (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))
 *       (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6))))
 * ```
 */
const SPLITTER = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 45, 4, 96, 7, 127, 127, 127, 127, 127, 127, 127, 1, 127],
  ...[96, 8, 127, 127, 127, 127, 127, 127, 127, 127, 1, 127, 96, 6, 127, 127, 127, 127, 127, 126],
  ...[1, 127, 96, 7, 126, 127, 127, 127, 127, 127, 127, 1, 127, 2, 13, 2, 1, 104, 1, 111, 0, 0],
  ...[1, 104, 1, 112, 0, 1, 3, 3, 2, 2, 3, 7, 9, 2, 1, 111, 0, 2, 1, 112, 0, 3, 10, 51, 2, 23, 0],
  ...[32, 0, 32, 1, 32, 2, 32, 3, 32, 4, 32, 5, 167, 32, 5, 66, 32, 136, 167, 16, 0, 11, 25, 0],
  ...[32, 0, 167, 32, 0, 66, 32, 136, 167, 32, 1, 32, 2, 32, 3, 32, 4, 32, 5, 32, 6, 16, 1, 11],
]);

/** Types of the functions that {@linkcode splitCalls} makes. */
const OPERATE_TYPE = "(i32, i32, i32, i32, i32, i64) -> i32";
const POLL_TYPE = "(i64, i32, i32, i32, i32, i32, i32) -> i32";

type Call = (...args: number[]) => number;

/** Functions with each `i64` as two `i32`: lower half, upper half. */
export interface SplitCalls {
  /** `wasm_bpf_map_operate`. */
  operate: Call;
  /** `wasm_bpf_buffer_poll`. */
  poll: Call;
}

/**
 * Replaces functions of module `wasm_bpf` by ones that take no bigint, where the guest declares them
 * in the one type that these have.
 *
 * @param declared the guest's imports, as far as they are known
 */
export function splitCalls(
  imports: WebAssembly.ModuleImports,
  declared: readonly FunctionImport[],
  calls: SplitCalls,
): void {
  const has = (name: string, type: string) => {
    const all = declared.filter((one) => one.module === "wasm_bpf" && one.name === name);
    return all.length > 0 && all.every((one) => one.type === type);
  };
  const operates = has("wasm_bpf_map_operate", OPERATE_TYPE);
  const polls = has("wasm_bpf_buffer_poll", POLL_TYPE);
  if (!operates && !polls) return;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(SPLITTER), {
    h: { o: calls.operate, p: calls.poll },
  });
  if (operates) imports["wasm_bpf_map_operate"] = exports["o"] as Call;
  if (polls) imports["wasm_bpf_buffer_poll"] = exports["p"] as Call;
}
