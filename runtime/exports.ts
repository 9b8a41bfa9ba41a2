/** Checks a guest's exports other than functions. */
import { ModuleError } from "./errors.ts";
import type { GuestModule } from "./module.ts";

/** Refuses memories that the module's description cannot distinguish. */
export function checkMemory(guest: GuestModule, memory: WebAssembly.Memory): void {
  const fault = memory.buffer instanceof SharedArrayBuffer
    ? "is shared between threads"
    : hasWideAddresses(memory)
    ? "has 64-bit addresses"
    : undefined;
  if (fault === undefined) return;
  throw new ModuleError(`Cannot run ${guest.name}: its memory ${fault}`, {
    code: "MODULE_EXPORT",
    hint: "build it for wasm32-wasip1, without threads",
  });
}

/** Such a memory counts its pages in bigints. */
function hasWideAddresses(memory: WebAssembly.Memory): boolean {
  try {
    memory.grow(0);
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}

/**
 * Returns the tables that callbacks may be in, those with the compilers' default names first:
 * `__indirect_function_table` of clang and Rust, `table` of AssemblyScript.
 */
export function findTables(exports: WebAssembly.Exports): WebAssembly.Table[] {
  const names = ["table", "__indirect_function_table"];
  return Object.entries(exports)
    .filter((entry): entry is [string, WebAssembly.Table] => entry[1] instanceof WebAssembly.Table)
    .sort(([a], [b]) => names.indexOf(b) - names.indexOf(a))
    .map(([, table]) => table);
}
