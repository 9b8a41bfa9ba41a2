/** Layering rule: the imports that each folder may have, as a function of the import graph. */

/** One import: paths relative to the checkout, or the specifier as it is for what is not a file in it. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** Folders that each folder may import, in addition to itself and the root of the error classes. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli"],
  // The library that programs import.
  "mod.ts": ["library", "runtime", "records"],
  library: ["cli", "runtime", "records", "ffi"],
  cli: ["service", "runtime", "oci", "bindgen", "ebpf", "records"],
  service: ["records", "runtime", "oci", "bindgen"],
  runtime: ["ebpf", "ffi"],
  ebpf: ["ffi"],
  oci: [],
  bindgen: ["ebpf"],
  records: ["ebpf"],
  ffi: [],
  // The manual pages come from the tables of the commands.
  build: ["cli", "third_party"],
  sdk: [],
  examples: ["mod.ts", "runtime"],
};

/**
 * Modules that every folder may import: the root of the error classes, gathered bytes, nearest names
 * for hints, carried files, and the version.
 */
const SHARED = [
  "ffi/errors.ts",
  "ffi/bytes.ts",
  "ffi/nearest.ts",
  "ffi/assets.ts",
  "deno.json",
];

/** Entry points in addition to a folder's `mod.ts`, and the folders that may use them. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  // The library as programs import it.
  "mod.ts": ["examples"],
  "cli/commands/mod.ts": ["build"],
  "third_party/sources.json": ["build"],
  "third_party/libbpf/symbols.json": ["build"],
  "cli/args/manual.ts": ["build"],
  // Further needs of an embedder would slow the command's start.
  "runtime/command.ts": ["cli", "service"],
  // Metrics and the page: a run without them loads neither.
  "service/live.ts": ["cli"],
  // Loaded for OTLP alone: it brings the packages of OpenTelemetry.
  "service/otlp/export.ts": ["cli"],
  "runtime/everything.ts": ["cli", "library"],
  "runtime/worker_messages.ts": ["library"],
  // Runs of plain objects without a command line.
  "cli/object/embedded.ts": ["library"],
  "runtime/machine.ts": ["cli", "service"],
  "runtime/supervision.ts": ["cli", "service"],
  // Reader for modules that are only inspected.
  "runtime/wasm/reader.ts": ["cli"],
  "oci/stored.ts": ["cli"],
  // First bytes of what can be run, which every start looks at.
  "oci/content_kind.ts": ["cli"],
  "oci/policies.ts": ["cli"],
  // Without the library: `gen` and `inspect` open none.
  "ebpf/btf/mod.ts": ["bindgen", "cli", "records"],
  "ebpf/inspection/mod.ts": ["cli"],
  // Checks of the machine, which no run loads.
  "ebpf/doctor.ts": ["cli"],
  // Plain objects, which a guest's run does not load.
  "ebpf/plain/mod.ts": ["cli"],
  "ebpf/permissions/mod.ts": ["cli"],
  // Tables of the command take the same cells.
  "records/text/widths.ts": ["cli"],
  // Files that are written need no registry.
  "oci/paths/mod.ts": ["cli", "service"],
};

/**
 * Rooms of a folder, the lowest first: each imports those before it alone. Files of the folder itself
 * join the rooms.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  cli: [
    ...[
      "terminal",
      "args",
      "box",
      "records",
      "containers",
      "symbols",
      "module",
      "permissions",
      "startup",
    ],
    ...["live", "object", "inspect", "hub", "background", "commands"],
  ],
};

/** Independent parts of the runtime, which must not import each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["runtime/wasm_bpf/", "runtime/wasi/"],
  ["runtime/wasi/", "runtime/wasm_bpf/"],
];

/** Returns the forbidden imports, one line each. Tests and benchmarks may import anything. */
export function layeringViolations(imports: readonly Import[]): string[] {
  const violations: string[] = [];
  for (const { from, to } of imports) {
    if (isOutside(from)) continue;
    const reason = objection(from, to);
    if (reason !== undefined) violations.push(`${from} imports ${to}: ${reason}`);
  }
  return violations;
}

function objection(from: string, to: string): string | undefined {
  if (/^(jsr|https?):/.test(to)) return "only files, node: and npm: can be imported";
  if (/^[a-z]+:/.test(to)) return undefined;
  if (STRANGERS.some(([one, other]) => from.startsWith(one) && to.startsWith(other))) {
    return "these two must not import each other";
  }
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target) return objectionOfRooms(from, to);
  if (SHARED.includes(to)) return undefined;
  if (isOutside(to)) return "that is for tests or benchmarks only";
  const allowed = MAY_IMPORT[source];
  if (allowed === undefined) return `build/lib/layering.ts does not list ${source}`;
  if (!allowed.includes(target)) return `${source} may not import ${target}`;
  if (to !== `${target}/mod.ts` && DOORS[to]?.includes(source) !== true) {
    return `across folders only ${target}/mod.ts is imported`;
  }
  return undefined;
}

/** Returns the objection to an import within a folder that has an order of rooms. */
function objectionOfRooms(from: string, to: string): string | undefined {
  const [folder = "", ...rest] = from.split("/");
  const order = ROOMS[folder];
  const [room, target] = [rest, to.split("/").slice(1)].map((path) =>
    path.length > 1 ? path[0] : undefined
  );
  if (order === undefined || room === undefined || target === undefined) return undefined;
  const [at, below] = [order.indexOf(room), order.indexOf(target)];
  const unknown = at < 0 ? room : below < 0 ? target : undefined;
  if (unknown !== undefined) return `build/lib/layering.ts does not list ${folder}/${unknown}`;
  return below <= at ? undefined : `${folder}/${room} is below ${folder}/${target}`;
}

/**
 * Returns the circles of an import graph: groups of files that import each other, one line each. Types
 * and dynamic imports count, since a reader follows them as well.
 */
export function importCircles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) {
    targets.set(from, [...targets.get(from) ?? [], to]);
  }
  return [...targets.keys()].flatMap((file) => {
    const way = shortestWay(targets, file);
    // Each circle is reported once, from its first file.
    return way === undefined || way.some((other) => other < file)
      ? []
      : [`circle of imports: ${[...way, file].join(" -> ")}`];
  });
}

/** Returns the files on the shortest way from `start` back to itself; undefined without one. */
function shortestWay(
  targets: ReadonlyMap<string, readonly string[]>,
  start: string,
): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const target of targets.get(file) ?? []) {
      if (target === start) return wayTo(before, start, file);
      if (before.has(target)) continue;
      before.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

function wayTo(before: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const way = [end];
  for (let file = end; file !== start; way.unshift(file)) file = before.get(file) ?? start;
  return way;
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? path;
}

function isOutside(path: string): boolean {
  return /^(tests|bench)\//.test(path) || path.endsWith("_test.ts");
}

/** The part of `deno info --json` that is read here. */
export interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/**
 * The imports in a module graph, of values and of types, by files below `root`.
 *
 * @param root URL of the checkout, with a slash at its end
 */
export function importsOf(graph: ModuleGraph, root: string): Import[] {
  const relative = (url: string) => url.startsWith(root) ? url.slice(root.length) : url;
  return graph.modules
    .filter((module) => module.specifier.startsWith(root))
    .flatMap((module) =>
      (module.dependencies ?? []).map((dependency) => ({
        from: relative(module.specifier),
        to: relative(
          dependency.code?.specifier ?? dependency.type?.specifier ?? dependency.specifier,
        ),
      }))
    );
}

/**
 * The includes between units of C in one folder, where a unit is a source with its header.
 *
 * @param sources text of each file by its name, as in "attach.c"
 */
export function includesOf(sources: ReadonlyMap<string, string>): Import[] {
  const unitOf = (name: string) => name.replace(/\.[ch]$/, "");
  return [...sources].flatMap(([name, text]) =>
    [...text.matchAll(/^#include "([^"/]+\.h)"/gm)].flatMap(([, header = ""]) => {
      const [from, to] = [unitOf(name), unitOf(header)];
      return sources.has(header) && from !== to ? [{ from, to }] : [];
    })
  );
}
