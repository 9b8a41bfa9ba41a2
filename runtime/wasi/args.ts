/** `args_*` and `environ_*`: lists of strings. */
import type { GuestMemory } from "../guest_memory.ts";
import type { WasiContext, WasiFunctions } from "./context.ts";

function encodeAll(strings: readonly string[]): Uint8Array[] {
  const encoder = new TextEncoder();
  return strings.map((text) => encoder.encode(`${text}\0`));
}

function putSizes(memory: GuestMemory, list: Uint8Array[], count: number, size: number): number {
  memory.setU32(count, list.length);
  memory.setU32(size, list.reduce((sum, bytes) => sum + bytes.length, 0));
  return 0;
}

function putStrings(
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

export function argsFunctions({ memory, args, env }: WasiContext): WasiFunctions {
  const argv = encodeAll(args);
  const environ = encodeAll(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  return {
    "args_get": (argvAt: number, buf: number) => putStrings(memory, argv, argvAt, buf),
    "args_sizes_get": (count: number, size: number) => putSizes(memory, argv, count, size),
    "environ_get": (environAt: number, buf: number) => putStrings(memory, environ, environAt, buf),
    "environ_sizes_get": (count: number, size: number) => putSizes(memory, environ, count, size),
  };
}
