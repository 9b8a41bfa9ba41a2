/**
 * Calls with 64-bit parameters in halves: WebAssembly hands an `i64` to JavaScript as a bigint, which
 * costs an allocation a call.
 */
import type { FunctionImport } from "../wasm/imports.ts";

/**
 * Tail calls, since after a system call each return is a few nanoseconds slower.
 *
 * ```wat
 * (module
 *   (type $o (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
 *   (type $p (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 *   (type $r (func (param i32 i32 i32 i32 i32 i32) (result i32)))
 *   (import "h" "o" (func $operate (type $o)))
 *   (import "h" "p" (func $poll (type $p)))
 *   (import "h" "r" (func $read (type $r)))
 *   (func (export "o") (param i32 i32 i32 i32 i32 i64) (result i32)
 *     (return_call $operate (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
 *       (i32.wrap_i64 (local.get 5)) (i32.wrap_i64 (i64.shr_u (local.get 5) (i64.const 32)))))
 *   (func (export "p") (param i64 i32 i32 i32 i32 i32 i32) (result i32)
 *     (return_call $poll
 *       (i32.wrap_i64 (local.get 0)) (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))
 *       (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
 *   (func (export "r") (param i64 i32 i32 i32 i32) (result i32)
 *     (return_call $read
 *       (i32.wrap_i64 (local.get 0)) (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))
 *       (local.get 1) (local.get 2) (local.get 3) (local.get 4))))
 * ```
 */
const SPLITTER = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 64, 6, 96, 7, 127, 127, 127, 127, 127, 127, 127, 1, 127],
  ...[96, 8, 127, 127, 127, 127, 127, 127, 127, 127, 1, 127, 96, 6, 127, 127, 127, 127, 127, 127],
  ...[1, 127, 96, 6, 127, 127, 127, 127, 127, 126, 1, 127, 96, 7, 126, 127, 127, 127, 127, 127],
  ...[127, 1, 127, 96, 5, 126, 127, 127, 127, 127, 1, 127, 2, 19, 3, 1, 104, 1, 111, 0, 0, 1, 104],
  ...[1, 112, 0, 1, 1, 104, 1, 114, 0, 2, 3, 4, 3, 3, 4, 5, 7, 13, 3, 1, 111, 0, 3, 1, 112, 0, 4],
  ...[1, 114, 0, 5, 10, 73, 3, 23, 0, 32, 0, 32, 1, 32, 2, 32, 3, 32, 4, 32, 5, 167, 32, 5, 66, 32],
  ...[136, 167, 18, 0, 11, 25, 0, 32, 0, 167, 32, 0, 66, 32, 136, 167, 32, 1, 32, 2, 32, 3, 32, 4],
  ...[32, 5, 32, 6, 18, 1, 11, 21, 0, 32, 0, 167, 32, 0, 66, 32, 136, 167, 32, 1, 32, 2, 32, 3],
  ...[32, 4, 18, 2, 11],
]);

type Call = (...args: number[]) => number;

/** Functions with each `i64` as two `i32`: lower half, upper half. */
export interface SplitCalls {
  /** `wasm_bpf_map_operate`. */
  operate: Call;
  /** `wasm_bpf_buffer_poll`. */
  poll: Call;
  /** `buffer_read`. */
  read: Call;
}

/** The functions, with the types that the splitter gives them. */
const SPLIT = [
  {
    module: "wasm_bpf",
    name: "wasm_bpf_map_operate",
    type: "(i32, i32, i32, i32, i32, i64) -> i32",
    as: "o",
  },
  {
    module: "wasm_bpf",
    name: "wasm_bpf_buffer_poll",
    type: "(i64, i32, i32, i32, i32, i32, i32) -> i32",
    as: "p",
  },
  {
    module: "wasm_bpf_ext",
    name: "buffer_read",
    type: "(i64, i32, i32, i32, i32) -> i32",
    as: "r",
  },
] as const;

/**
 * Replaces functions by ones that take no bigint, where the guest declares them in the one type that
 * these have.
 *
 * @param imports by module
 * @param declared the guest's imports, as far as they are known
 */
export function splitCalls(
  imports: WebAssembly.Imports,
  declared: readonly FunctionImport[],
  calls: SplitCalls,
): void {
  const wanted = SPLIT.filter(({ module, name, type }) => {
    const all = declared.filter((one) => one.module === module && one.name === name);
    return all.length > 0 && all.every((one) => one.type === type);
  });
  if (wanted.length === 0) return;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(SPLITTER), {
    h: { o: calls.operate, p: calls.poll, r: calls.read },
  });
  for (const { module, name, as } of wanted) {
    imports[module] = { ...imports[module], [name]: exports[as] as Call };
  }
}
