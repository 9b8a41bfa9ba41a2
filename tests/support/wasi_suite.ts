/** Runs a module of `tests/guests/wasi-suite-c`, in a folder of its own. */
import assert from "node:assert/strict";
import { WASM_BPF } from "./cli.ts";
import { fromFileUrl } from "./paths.ts";

const SOURCES = fromFileUrl("../guests/wasi-suite-c");

/** Every module of the suite, by name. */
export const SUITE_MODULES: readonly string[] = [...Deno.readDirSync(SOURCES)]
  .flatMap(({ name }) => name.endsWith(".c") ? [name.slice(0, -2)] : []).sort();

/** A module of the suite. */
export function suitePath(name: string): string {
  return fromFileUrl(`../../dist/tests/wasi-suite/${name}.wasm`);
}

/** The text of a file of the suite. */
export function suiteSource(file: string): string {
  return Deno.readTextFileSync(`${SOURCES}/${file}`);
}

/** How a module is run; `folder` is the one that it finds as its first, `/`. */
export interface SuiteRun {
  /** Arguments behind the module's name. */
  args?: readonly string[];
  /** Where the folder is for the run, when `through` makes that something else. */
  root?: string;
  /** Whether the folder is granted with `::ro`. */
  readOnly?: boolean;
  /** More options of wasm-bpf. */
  options?: (folder: string) => readonly string[];
  /** Words before the command. */
  through?: (folder: string) => readonly string[];
  /** Fills the folder; what it gives back ends with the run. */
  prepare?: (folder: string) => Promise<AsyncDisposable | void>;
  /** Looks at the folder afterwards, as the host sees it. */
  verify?: (folder: string) => void;
  /** Standard input; it is a pipe that stays open, or is closed behind the text. Default: /dev/null. */
  stdin?: { readonly text: string; readonly closed: boolean };
  /** Listening sockets, and what connects to the first, by its port, while the module runs. */
  peers?: { readonly sockets: number; readonly connect: (port: number) => Promise<void> };
  /** The exit code; then the module reports no checks. */
  code?: number;
}

/** What the last line says when every check held. */
export const ALL_HELD = /^[1-9]\d* checks, 0 failed\n$/;

/** Longer than any module takes, and shorter than a person waits. */
const TIMEOUT = "20s";

/** Runs a module; its report is the error when a check failed. */
export async function runSuiteModule(name: string, run: SuiteRun = {}): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasi-suite-" });
  try {
    await using _prepared = await run.prepare?.(folder) ??
      { [Symbol.asyncDispose]: async () => {} };
    const { code, stdout, stderr } = await spawn(name, folder, run);
    assert.equal(stderr, "", stdout);
    if (run.code === undefined) assert.match(stdout, ALL_HELD);
    else assert.equal(stdout, "");
    assert.equal(code, run.code ?? 0, stdout);
    run.verify?.(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function spawn(
  name: string,
  folder: string,
  { args = [], root = folder, readOnly, options, through, stdin }: SuiteRun,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const words = [
    ...through?.(folder) ?? [],
    ...[WASM_BPF, "--timeout", TIMEOUT, "--dir", `${root}::/${readOnly ? "::ro" : ""}`],
    ...options?.(folder) ?? [],
    ...[suitePath(name), ...args],
  ];
  const child = new Deno.Command(words[0] ?? "", {
    args: words.slice(1),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin === undefined) return decode(await child.output());
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin.text));
  if (stdin.closed) await writer.close();
  const output = await child.output();
  // The reader is gone, so this may fail; it only has to be over.
  if (!stdin.closed) await writer.close().catch(() => {});
  return decode(output);
}

function decode({ code, stdout, stderr }: Deno.CommandOutput) {
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
