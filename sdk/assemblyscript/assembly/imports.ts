// SPDX-License-Identifier: MIT
/** The imports as docs/guest-abi.md and WASI preview 1 have them; pointers are `usize`. */

// @ts-ignore: decorator
@external("wasm_bpf", "wasm_close_bpf_object")
export declare function closeObject(object: u64): i32;

// @ts-ignore: decorator
@external("wasm_bpf", "wasm_bpf_map_fd_by_name")
export declare function mapByName(object: u64, name: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf", "wasm_bpf_map_operate")
export declare function mapOperate(
  map: i32, command: i32, key: usize, value: usize, nextKey: usize, flags: u64,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "buffer_read")
export declare function bufferRead(
  object: u64, map: i32, bytes: usize, size: i32, timeoutMs: i32,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "interrupt_page")
export declare function showInterrupt(page: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "buffer_stats")
export declare function bufferStats(object: u64, map: i32, out: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "user_ring_submit")
export declare function userRingSubmit(
  object: u64, map: i32, data: usize, size: i32, timeoutMs: i32,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "object_open")
export declare function objectOpen(bytes: usize, size: u32): u64;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "object_load")
export declare function objectLoad(object: u64): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "global_set")
export declare function globalSet(
  object: u64, section: usize, offset: u32, data: usize, size: u32,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "link_attach")
export declare function linkAttach(object: u64, program: usize, target: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "link_detach")
export declare function linkDetach(link: i32): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "iter_read")
export declare function iterRead(link: i32, bytes: usize, size: i32): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "map_info")
export declare function mapInfo(map: i32, out: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "map_batch")
export declare function mapBatch(
  map: i32, command: i32, inBatch: usize, outBatch: usize, keys: usize, values: usize, count: usize,
  flags: u64,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "map_lookup_and_delete")
export declare function mapLookupAndDelete(map: i32, key: usize, value: usize, flags: u64): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "program_token")
export declare function programToken(object: u64, name: usize): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "last_error")
export declare function lastError(text: usize, size: i32): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
export declare function fdWrite(fd: i32, vectors: usize, count: i32, written: usize): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
export declare function argsSizesGet(count: usize, size: usize): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
export declare function argsGet(pointers: usize, bytes: usize): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clockTimeGet(clock: i32, precision: u64, time: usize): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function randomGet(bytes: usize, size: usize): i32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
export declare function procExit(code: i32): void;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "local_offset")
export declare function localOffsetAt(seconds: i64): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "host_pid")
export declare function hostPidOf(): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "records_open")
export declare function recordsOpen(
  name: usize, schema: usize, object: usize, size: i32, flags: u32,
): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "records_write")
export declare function recordsWrite(id: i32, records: usize, size: i32): i32;

// @ts-ignore: decorator
@external("wasm_bpf_ext", "records_flush")
export declare function recordsFlush(id: i32): i32;
