/** Functions of a library that cost nothing before they are called, and little when they are called often. */
import { loadError } from "./errors.ts";

/** A library's functions, each of which is looked for when it is called first. */
export interface Bound<Interface extends Deno.ForeignLibraryInterface> {
  readonly functions: Deno.DynamicLibrary<Interface>["symbols"];
  /** Looks for those that have not been called yet. */
  findAll(): void;
}

/**
 * Makes functions of addresses.
 *
 * Deno.dlopen compiles machine code for each function it is asked for, 0.1 ms apiece: too much for
 * the many that are called once. A call through a pointer takes half a microsecond and no preparation.
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
 * Calls of a function before it is compiled; together they take less time than that does.
 *
 * Why so few? V8 begins to note what a caller calls when that has run for some 900 bytes of bytecode. A
 * caller that is seen to call two functions, the one before it is compiled and the one after, does without
 * the fast way for good: 250 ns a call instead of 15.
 */
const COLD_CALLS = 4;

/** By name. */
export type Functions = Record<string, (...args: unknown[]) => unknown>;

/** What functions are compiled from, and where they go. */
export interface Library {
  readonly functions: Functions;
  readonly table: Deno.ForeignLibraryInterface;
  readonly path: string;
}

/** Lets a function that is called often be replaced by the one that Deno compiles: 5 ns a call. */
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

/** The function that Deno compiles, which takes the place of the one before. */
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
