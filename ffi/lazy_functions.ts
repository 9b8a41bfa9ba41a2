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

type Call = (...args: unknown[]) => unknown;

/** Functions by name. */
export type Functions = Record<string, Call>;

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

/** Compiles a function with Deno and replaces the previous one; returns it. */
export function compile(library: Library, name: string): Call {
  const { functions, table, path } = library;
  const definition = table[name];
  if (definition === undefined) throw loadError(`${name} is not known`);
  const compiled = Deno.dlopen(path, { [name]: definition }).symbols as Functions;
  const call = compiled[name];
  if (call === undefined) throw loadError(`${name} is gone`);
  functions[name] = call;
  optimizeLater(library, name, call);
  return functions[name] ?? call;
}

/** Calls of a compiled function before V8 compiles its caller; short runs make fewer. */
const WARM_CALLS = 32;

/** Functions of V8 that have it compile another function with its last compiler. */
interface V8Functions {
  readonly prepare: (f: Call) => void;
  readonly optimize: (f: Call) => void;
}

let v8: V8Functions | false | undefined;

/** Returns them where V8 has the flag `--allow-natives-syntax`, as in the program; else false. */
function v8Functions(): V8Functions | false {
  try {
    const of = (name: string) => new Function("f", `%${name}(f)`) as (f: Call) => void;
    return {
      prepare: of("PrepareFunctionForOptimization"),
      optimize: of("OptimizeFunctionOnNextCall"),
    };
  } catch {
    return false;
  }
}

/**
 * Puts a function around `call` that V8 compiles with its last compiler after some calls. Only such code
 * calls the library directly; other code takes Deno's general way, 5 to 15 µs when the processor's
 * caches are cold. So whatever calls this function is fast without being compiled that way itself.
 *
 * V8 does not take it into its callers, which have seen two functions in its place by then.
 */
function optimizeLater({ functions, table }: Library, name: string, call: Call): void {
  v8 ??= v8Functions();
  if (v8 === false) return;
  const { prepare, optimize } = v8;
  const { parameters } = table[name] as Deno.ForeignFunction;
  const names = parameters.map((_, i) => `p${i}`).join(",");
  let calls = 0;
  let around = call;
  functions[name] = (...args) => {
    calls += 1;
    if (calls === WARM_CALLS) {
      // A text of its own: V8 would share what it learns of functions of one text.
      const text = `return function ${name}(${names}) { return call(${names}); }`;
      around = new Function("call", text)(call);
      prepare(around);
    } else if (calls > WARM_CALLS) {
      optimize(around);
      functions[name] = around;
    }
    return around(...args);
  };
}
