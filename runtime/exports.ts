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

/** clang and Rust name the table `__indirect_function_table`, AssemblyScript `table`. */
export function findTable(exports: WebAssembly.Exports): WebAssembly.Table | undefined {
  const tables = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Table);
  const named = ["__indirect_function_table", "table"]
    .map((name) => tables.find(([found]) => found === name))
    .find((entry) => entry !== undefined);
  return (named ?? tables[0])?.[1] as WebAssembly.Table | undefined;
}
