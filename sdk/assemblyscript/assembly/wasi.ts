// SPDX-License-Identifier: MIT
/** WASI for tools: output, arguments, the clock, and exit. */
import { argsGet, argsSizesGet, clockTimeGet, fdWrite, procExit } from "./imports";

const STDOUT = 1;
const STDERR = 2;
const REALTIME = 0;

/** Writes bytes whole: 0, or WASI's errno, positive. */
export function writeBytes(fd: i32, bytes: usize, size: usize): i32 {
  const vector = memory.data(8, 4);
  const written = memory.data(4, 4);
  while (size > 0) {
    store<usize>(vector, bytes);
    store<usize>(vector, size, 4);
    const errno = fdWrite(fd, vector, 1, written);
    if (errno != 0) return errno;
    const count = load<usize>(written);
    bytes += count;
    size -= count;
  }
  return 0;
}

function writeText(fd: i32, text: string): i32 {
  const size = String.UTF8.byteLength(text);
  const bytes = heap.alloc(size);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes);
  const errno = writeBytes(fd, bytes, size);
  heap.free(bytes);
  return errno;
}

/** Writes text to standard output: 0, or WASI's errno, positive. */
export function print(text: string): i32 {
  return writeText(STDOUT, text);
}

/** Writes text to standard error: 0, or WASI's errno, positive. */
export function printError(text: string): i32 {
  return writeText(STDERR, text);
}

/** The arguments, the program's name first. */
export function args(): string[] {
  const count = memory.data(4, 4);
  const size = memory.data(4, 4);
  argsSizesGet(count, size);
  const pointers = heap.alloc(max<u32>(load<u32>(count), 1) * 4);
  const bytes = heap.alloc(max<u32>(load<u32>(size), 1));
  argsGet(pointers, bytes);
  const result = new Array<string>();
  for (let i: u32 = 0; i < load<u32>(count); i++) {
    const at = load<usize>(pointers + i * 4);
    let end = at;
    while (load<u8>(end) != 0) end++;
    result.push(String.UTF8.decodeUnsafe(at, end - at));
  }
  heap.free(bytes);
  heap.free(pointers);
  return result;
}

/** Nanoseconds since 1970. */
export function realtimeNs(): u64 {
  const time = memory.data(8, 8);
  clockTimeGet(REALTIME, 0, time);
  return load<u64>(time);
}

/** Ends the guest. */
export function exit(code: i32): void {
  procExit(code);
}

/**
 * Ends the guest after a failed assertion or an index out of range; pass it to the compiler with
 * `--use abort=node_modules/wasm-bpf/assembly/wasi/abort`.
 */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  printError(
    (file == null ? "" : file + ":" + line.toString() + ":" + column.toString() + ": ") +
      (message == null ? "abort" : message) + "\n",
  );
  // Traps instead of exiting, so that the operator gets a stack trace.
  unreachable();
}
