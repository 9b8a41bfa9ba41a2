/** What a guest exports beside functions. */
import { ModuleError } from "./errors.ts";
import type { GuestModule } from "./module.ts";

/** Refuses memories that a module's description does not tell from others. */
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
 * The tables that callbacks may be in, those with the names that compilers give first: clang and Rust
 * say `__indirect_function_table`, AssemblyScript `table`.
 */
export function findTables(exports: WebAssembly.Exports): WebAssembly.Table[] {
  const names = ["table", "__indirect_function_table"];
  return Object.entries(exports)
    .filter((entry): entry is [string, WebAssembly.Table] => entry[1] instanceof WebAssembly.Table)
    .sort(([a], [b]) => names.indexOf(b) - names.indexOf(a))
    .map(([, table]) => table);
}
