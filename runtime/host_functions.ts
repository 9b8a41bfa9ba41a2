/** Functions of an embedder, made safe for a guest to import. */
import { HostError } from "../ffi/errors.ts";
import type { GuestMemory } from "./guest_memory.ts";
import type { GuestModule } from "./module.ts";
import type { HostFunction, HostModules } from "./run_options.ts";
import { functionImports } from "./wasm/imports.ts";
import { WasmSyntaxError } from "./wasm/reader.ts";

/** Runs something of the embedder; when it throws, the guest is left for good. */
export type Guard = <T>(what: string, call: () => T) => T;

/**
 * The import modules of an embedder.
 *
 * @param reserved the host's own modules
 * @throws {HostError} `HOST_MODULE` for a module that is reserved
 */
export function hostImports(
  modules: HostModules,
  context: { guest: GuestModule; memory: GuestMemory; guard: Guard; reserved: readonly string[] },
): WebAssembly.Imports {
  const { guest, memory, guard, reserved } = context;
  const results = resultTypes(guest);
  const imports: WebAssembly.Imports = Object.create(null);
  for (const [module, functions] of Object.entries(modules)) {
    if (reserved.includes(module)) {
      throw new HostError(`Cannot provide import module "${module}": it is wasm-bpf's own`, {
        code: "HOST_MODULE",
        hint: "give the functions another module name",
      });
    }
    const made: WebAssembly.ModuleImports = Object.create(null);
    for (const [name, call] of Object.entries(functions)) {
      made[name] = guarded(call, memory, guard, {
        what: `${module}.${name}`,
        result: results.get(JSON.stringify([module, name])) ?? "()",
      });
    }
    imports[module] = made;
  }
  return imports;
}

/**
 * The conversion of the result happens inside, too: outside, V8 would throw for a wrong one, and a
 * guest can catch what V8 throws.
 */
function guarded(
  call: HostFunction,
  memory: GuestMemory,
  guard: Guard,
  { what, result }: { what: string; result: string },
): (...args: (number | bigint)[]) => number | bigint | void {
  return (...args) => guard(what, () => convert(call(memory, ...args), result));
}

function convert(value: number | bigint | void, type: string): number | bigint | void {
  switch (type) {
    case "i32":
      return Number(value ?? NaN) | 0;
    case "i64":
      if (typeof value !== "bigint") throw new TypeError(`an i64 is a bigint, not ${typeof value}`);
      return BigInt.asIntN(64, value);
    case "f32":
    case "f64":
      return Number(value);
    case "()":
      return undefined;
    default:
      throw new TypeError(`a result of type ${type} is not supported`);
  }
}

/** Returns the result type of each import, as the guest declares it. */
function resultTypes(guest: GuestModule): Map<string, string> {
  try {
    return new Map(
      functionImports(guest.bytes).map(({ module, name, type }) => [
        JSON.stringify([module, name]),
        type.slice(type.indexOf(" -> ") + 4),
      ]),
    );
  } catch (cause) {
    if (!(cause instanceof WasmSyntaxError)) throw cause;
    throw new HostError(`Cannot read the imports of ${guest.name}: ${cause.message}`, {
      code: "MODULE_IMPORT",
      cause,
    });
  }
}
