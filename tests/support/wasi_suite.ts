/** Runs a module of `tests/guests/wasi-suite-c`, in a folder of its own. */
import assert from "node:assert/strict";
import { compileGuest, type Preopen, spawn as spawnWorker } from "../../runtime/mod.ts";
import { guestPath, WASM_BPF } from "./cli.ts";
import { fromFileUrl } from "./paths.ts";

const SOURCES = fromFileUrl("../guests/wasi-suite-c");

/** Every module of the suite in C, by name. */
export const SUITE_MODULES: readonly string[] = [...Deno.readDirSync(SOURCES)]
  .flatMap(({ name }) => name.endsWith(".c") ? [name.slice(0, -2)] : []).sort();

/** The text of a file of the suite. */
export function suiteSource(file: string): string {
  return Deno.readTextFileSync(`${SOURCES}/${file}`);
}

/** A module of the suite in C, perhaps for `wasi_unstable`, or of another folder of guests. */
export function suitePath(name: string): string {
  const source = name.replace(/-unstable$/, "");
  return guestPath(SUITE_MODULES.includes(source) ? `wasi-suite/${name}` : name);
}

/** Options of a module's run; it finds a new folder as its first, `/`. */
export interface SuiteRun {
  /** Arguments after the module's name. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** True if the folder is granted for reading only. */
  readOnly?: boolean;
  /** A folder in it that is granted, too. */
  second?: { readonly host: string; readonly guest: string };
  /** Where the folder is for the run, when `through` makes that something else. */
  root?: string;
  /** Words before the command. */
  through?: (folder: string) => readonly string[];
  /** Fills the folder; what it gives back ends with the run. */
  prepare?: (folder: string) => Promise<AsyncDisposable | void>;
  /** Looks at the folder afterwards, as the host sees it. */
  verify?: (folder: string) => void;
  /** Standard input: a pipe that stays open, or is closed after the text. Default: /dev/null. */
  stdin?: { readonly text: string; readonly closed: boolean };
  /** The exit code; then the module reports no checks. */
  code?: number;
}

/** Last line when every check held. */
export const ALL_HELD = /^[1-9]\d* checks, 0 failed\n$/;

/** Much longer than any module takes on a loaded machine. */
const TIMEOUT_SECONDS = 120;

/** Result of a module. */
interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a module by the binary; its report is the error when a check failed. */
export async function runSuiteModule(name: string, run: SuiteRun = {}): Promise<void> {
  await inFolder(run, (folder) => byBinary(name, folder, run));
}

/** Runs the module in a worker of this process, if it needs no other process. */
export async function runSuiteModuleInWorker(name: string, run: SuiteRun = {}): Promise<void> {
  await inFolder(run, (folder) => byWorker(name, folder, run));
}

async function inFolder(run: SuiteRun, result: (folder: string) => Promise<Result>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wasi-suite-" });
  try {
    await using _prepared = await run.prepare?.(folder) ??
      { [Symbol.asyncDispose]: async () => {} };
    const { code, stdout, stderr } = await result(folder);
    assert.equal(stderr, "", stdout);
    if (run.code === undefined) assert.match(stdout, ALL_HELD);
    else assert.equal(stdout, "");
    assert.equal(code, run.code ?? 0, stdout);
    run.verify?.(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function preopensOf({ root, readOnly = false, second }: SuiteRun, folder: string): Preopen[] {
  const first = { host: root ?? folder, guest: "/", readOnly };
  if (second === undefined) return [first];
  return [first, { host: `${folder}/${second.host}`, guest: second.guest }];
}

async function byBinary(name: string, folder: string, run: SuiteRun): Promise<Result> {
  const { args = [], env = {}, through, stdin } = run;
  const words = [
    ...through?.(folder) ?? [],
    ...[WASM_BPF, "--timeout", `${TIMEOUT_SECONDS}s`],
    ...preopensOf(run, folder).flatMap((
      { host, guest, readOnly },
    ) => ["--dir", `${host}::${guest}${readOnly ? "::ro" : ""}`]),
    ...Object.entries(env).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]),
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

function decode({ code, stdout, stderr }: Deno.CommandOutput): Result {
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function byWorker(name: string, folder: string, run: SuiteRun): Promise<Result> {
  const { args = [], env = {}, stdin } = run;
  const text = { stdout: "", stderr: "" };
  const to = (stream: keyof typeof text) => (bytes: Uint8Array) =>
    void (text[stream] += new TextDecoder().decode(bytes));
  const handle = spawnWorker(compileGuest(await Deno.readFile(suitePath(name)), `${name}.wasm`), {
    args: [`${name}.wasm`, ...args],
    env,
    preopens: preopensOf(run, folder),
    stdio: {
      stdin: stdin === undefined ? "null" : new TextEncoder().encode(stdin.text),
      stdout: to("stdout"),
      stderr: to("stderr"),
    },
    limits: { timeMs: TIMEOUT_SECONDS * 1000 },
  });
  const exit = await handle.exited;
  if (exit.kind !== "exited") throw new Error(`the module ${exit.kind}`, { cause: exit });
  return { code: exit.code, ...text };
}
