/** `run -d`: defines a run and starts its supervisor. */
import { basename, join, resolve } from "node:path";
import type { Permissions } from "../../ebpf/mod.ts";
import { digestOf } from "../../oci/mod.ts";
import type { Origin } from "../../oci/stored.ts";
import {
  capabilityBits,
  type Definition,
  parseRestart,
  type Places,
  placesOf,
  type Run,
  Runs,
} from "../../service/mod.ts";
import { parseSize } from "../args/size.ts";
import { contentKind } from "../../oci/content_kind.ts";
import { isBoxTool } from "../box/box.ts";
import { UsageError } from "../errors.ts";
import { type RunLine } from "../args/run_options.ts";
import { STDIN } from "../module/input_file.ts";
import { print } from "../terminal/output_file.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { launch } from "./launch.ts";
import { wordsOf } from "./words.ts";

/** Run to be started. */
export interface BackgroundStart {
  readonly line: RunLine;
  /** Module as it was given. */
  readonly word: string;
  readonly args: readonly string[];
  readonly module: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly name: string;
    readonly origin?: Origin;
  };
  /** Module, or the object of a package. */
  readonly object: Uint8Array<ArrayBuffer>;
  /** Permissions of a module from elsewhere, as they were granted. */
  readonly permissions: Permissions | undefined;
}

const LOG_RANGE = { least: 1 << 16, most: 2 ** 40, leastText: "64K", mostText: "1024G" };
const LOG_BYTES = 20 << 20;

/** Variables that wasm-bpf itself reads; a module gets those of `--env` only. */
const OWN_VARIABLES =
  /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|NO_COLOR|XDG_.*|WASM_BPF_.*|DOCKER_CONFIG|REGISTRY_AUTH_FILE|SSL_CERT_FILE|(HTTPS?|NO|ALL)_PROXY|OTEL_.*|DENO_TLS_CA_STORE)$/i;

/**
 * Starts a run in the background and prints its name.
 *
 * @returns 0; the exit code of a run that failed at its start
 */
export async function startInBackground(start: BackgroundStart): Promise<number> {
  const { line, word, module } = start;
  const runs = new Runs(placesOf());
  const name = line.values.name;
  const wanted = word === STDIN ? "run" : basename(module.name).replace(/[.@:].*$/s, "");
  const definition = defineRun(start, runs.places);
  const run = await runs.create(
    name === undefined ? { wanted } : { given: name },
    (name, folder) => {
      if (word === STDIN) Deno.writeFileSync(join(folder, "module"), module.bytes);
      return definition(name);
    },
  );
  return await started(runs, run);
}

async function started(runs: Runs, run: Run): Promise<number> {
  const { name } = run.definition;
  const failure = await launch(runs, name, capabilityBits(run.definition.capabilities ?? []));
  if (failure === undefined) {
    print(name);
    return 0;
  }
  // The name is free for the next attempt.
  await runs.remove(name);
  return failure;
}

/** Returns the definition as a function of the name; wrong options are reported at once. */
export function defineRun(start: BackgroundStart, places: Places): (name: string) => Definition {
  const { line, word, args, object, module: { bytes } } = start;
  const restart = parseRestart(line.values.restart ?? "no");
  if (restart === undefined) {
    throw new UsageError(
      `Cannot use --restart "${line.values.restart}": unknown policy`,
      "pass no, on-failure, on-failure:N or always",
    );
  }
  const size = line.values["log-size"];
  const logBytes = size === undefined ? LOG_BYTES : parseSize(size, "--log-size", LOG_RANGE);
  const records = line.lists?.output === undefined;
  const isTool = isBoxTool(word);
  const output = records ? ["--output=jsonl"] : [];
  // An installed tool from a registry is pinned like every reference.
  const isPinned = start.module.origin !== undefined;
  const given = wordsOf(line).filter((word) => !(isPinned && word === "--installed"));
  const options = [...given, ...granted(start.permissions), ...output];
  const definition = (name: string): Definition => ({
    name,
    words: [...options, "--", pinned(start, places.state, name), ...args],
    shown: [word, ...args],
    cwd: Deno.cwd(),
    env: Object.fromEntries(
      Object.entries(Deno.env.toObject()).filter(([name]) => OWN_VARIABLES.test(name))
        // Deno's order differs from call to call, and up compares definitions.
        .sort(([a], [b]) => a < b ? -1 : 1),
    ),
    ...(isTool ? {} : { digest: digestOf(bytes) }),
    restart,
    runtime: places.runtime,
    created: new Date().toISOString(),
    logBytes,
    records: records && contentKind(bytes) !== "module",
  });
  return (name) => {
    const defined = definition(name);
    return { ...defined, capabilities: capabilitiesOf({ definition: defined, object }) };
  };
}

/** Returns a word that names the same module at the next start. */
function pinned(
  { word, module: { origin } }: BackgroundStart,
  state: string,
  name: string,
): string {
  if (word === STDIN) return join(state, "runs", name, "module");
  if (origin === undefined) return isBoxTool(word) || !isThere(word) ? word : resolve(word);
  // Addresses have no digest of their own: the run compares the bytes.
  return /^https?:/i.test(word) ? word : `${origin.repository}@${origin.digest}`;
}

/** Returns options for what a reply on the terminal granted, which the background lacks. */
function granted(permissions: Permissions | undefined): string[] {
  const { allowBpf = [], allowKfunc = [] } = permissions ?? {};
  return [
    ...(allowBpf.length === 0 ? [] : [`--allow-bpf=${allowBpf.join(",")}`]),
    ...(allowKfunc.length === 0 ? [] : [`--allow-kfunc=${allowKfunc.join(",")}`]),
  ];
}

/** An installed tool that is one of the box under another name is not a file. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
