/** `args_*` and `environ_*`: lists of strings in guest memory. */
import { encodeText } from "../../ffi/mod.ts";
import type { GuestMemory } from "../guest_memory.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";

export function argsFunctions({ memory, args }: WasiContext): WasiFunctions {
  const argv = encodeAll(args);
  return {
    /**
     * Writes the arguments.
     *
     * `argv`: u32 pointer for each argument, written. `buf`: the strings with NUL, written; sizes
     * as from `args_sizes_get`.
     *
     * EFAULT: a range is outside of the memory.
     */
    "args_get": (argvAt: number, buf: number) => putStrings(memory, argv, argvAt, buf),
    /**
     * Writes how much `args_get` needs.
     *
     * `count`: u32 written, number of arguments. `size`: u32 written, bytes with NULs.
     *
     * EFAULT: a range is outside of the memory.
     */
    "args_sizes_get": (count: number, size: number) => putSizes(memory, argv, count, size),
  };
}

export function environFunctions({ memory, env }: WasiContext): WasiFunctions {
  const environ = encodeAll(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  return {
    /**
     * Writes the variables, as NAME=VALUE.
     *
     * `environ`: u32 pointer for each variable, written. `buf`: the strings with NUL, written.
     *
     * EFAULT: a range is outside of the memory.
     */
    "environ_get": (environAt: number, buf: number) => putStrings(memory, environ, environAt, buf),
    /**
     * Writes how much `environ_get` needs.
     *
     * `count`: u32 written, number of variables. `size`: u32 written, bytes with NULs.
     *
     * EFAULT: a range is outside of the memory.
     */
    "environ_sizes_get": (count: number, size: number) => putSizes(memory, environ, count, size),
  };
}

/** Each with its NUL. */
export function encodeAll(strings: readonly string[]): Uint8Array[] {
  return strings.map((text) => encodeText(`${text}\0`));
}

/** Writes how many there are, and how many bytes they take. */
export function putSizes(
  memory: GuestMemory,
  list: Uint8Array[],
  count: number,
  size: number,
): number {
  memory.setU32(count, list.length);
  memory.setU32(size, list.reduce((sum, bytes) => sum + bytes.length, 0));
  return 0;
}

/** Writes strings one after the other to `buf`, and their addresses to `pointers`. */
export function putStrings(
  memory: GuestMemory,
  list: Uint8Array[],
  pointers: number,
  buf: number,
): number {
  let at = buf >>> 0;
  list.forEach((bytes, i) => {
    memory.setU32((pointers >>> 0) + i * 4, at);
    memory.write(at, bytes);
    at += bytes.length;
  });
  return 0;
}
