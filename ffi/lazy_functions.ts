/** Functions of a library that cost nothing before their first call, and little when called often. */
import { loadError } from "./errors.ts";

/** Functions of a library, each of which is resolved by its first call. */
export interface Bound<Interface extends Deno.ForeignLibraryInterface> {
  readonly functions: Deno.DynamicLibrary<Interface>["symbols"];
  /** Resolves the functions that have not been called yet. */
  findAll(): void;
}

/**
 * Creates functions from addresses.
 *
 * Deno.dlopen compiles machine code for each function, 0.1 ms apiece: too slow for the many that are
 * called once. A call through a pointer takes half a microsecond without preparation.
 */
export function bind<Interface extends Deno.ForeignLibraryInterface>(
  table: Interface,
  find: (name: string) => Deno.PointerObject,
): Bound<Interface> {
  const pointers: Record<string, Deno.UnsafeFnPointer<Deno.ForeignFunction>> = {};
  const pointer = (name: string) =>
    pointers[name] ??= new Deno.UnsafeFnPointer(
      find(name) as Deno.PointerObject<Deno.ForeignFunction>,
      table[name] as Deno.ForeignFunction,
    );
  const names = Object.keys(table);
  return {
    functions: Object.fromEntries(
      names.map((name) => [name, (...args: never[]) => pointer(name).call(...args)]),
    ) as Deno.DynamicLibrary<Interface>["symbols"],
    findAll: () => names.forEach(pointer),
  };
}

/**
 * Calls of a function before it is compiled; together they take less time than its compilation.
 *
 * More would be slow: V8 collects call feedback after about 900 bytes of bytecode. A call site that has
 * seen two functions, the uncompiled and the compiled one, never uses the fast path: 250 ns a call
 * instead of 15.
 */
const COLD_CALLS = 4;

/** Functions by name. */
export type Functions = Record<string, (...args: unknown[]) => unknown>;

/** Source and destination of compiled functions. */
export interface Library {
  readonly functions: Functions;
  readonly table: Deno.ForeignLibraryInterface;
  readonly path: string;
}

/** Replaces a function after some calls by the one that Deno compiles: 5 ns a call. */
export function heatUp(library: Library, name: string): void {
  const { functions } = library;
  const cold = functions[name];
  let calls = 0;
  functions[name] = (...args) => {
    calls += 1;
    return calls > COLD_CALLS || cold === undefined
      ? compile(library, name)(...args)
      : cold(...args);
  };
}

/** Compiles a function with Deno and replaces the previous one. */
export function compile(
  { functions, table, path }: Library,
  name: string,
): (...args: unknown[]) => unknown {
  const definition = table[name];
  if (definition === undefined) throw loadError(`${name} is not known`);
  const compiled = Deno.dlopen(path, { [name]: definition }).symbols as Functions;
  const call = compiled[name];
  if (call === undefined) throw loadError(`${name} is gone`);
  functions[name] = call;
  return call;
}
