import { createHash, type Hash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { BuildError } from "./errors.ts";
import { say, secondsSince, write } from "./output.ts";

/** Something that is made from files, and made again only when these have changed. */
export interface Step {
  /** Name of the result, such as "libbpf 1.7.0", and of its stamp. */
  readonly name: string;
  /** Files whose content decides the result; of a folder, every file below it. */
  readonly inputs: readonly string[];
  /** Further input of the result: versions, options, the time stamp of a compiler. */
  readonly key?: unknown;
  /** Files that {@linkcode Step.make} creates. */
  readonly outputs: readonly string[];
  /**
   * Makes the outputs. Each should be complete as soon as it exists: see {@linkcode replaceFile}.
   * May return a remark, which is printed.
   */
  make(): Promise<string | void>;
}

/** Where stamps are kept, and whether a line is printed. */
export interface StepOptions {
  readonly stamps?: string;
  readonly quiet?: boolean;
}

interface Stamp {
  readonly inputs: string;
  readonly outputs: Record<string, string>;
}

/**
 * Runs a step unless its inputs hash to what they did the last time and its outputs are as it left
 * them. True when it ran.
 */
export async function runStep(step: Step, options: StepOptions = {}): Promise<boolean> {
  const stampPath = join(
    options.stamps ?? ".cache/stamps",
    `${step.name.replaceAll(/\W+/g, "-")}.json`,
  );
  const inputs = hashInputs(step);
  if (isCurrent(readStamp(stampPath), inputs, step.outputs)) return false;

  const start = performance.now();
  const line = options.quiet === true ? undefined : new StepLine(step.name);
  let remark: string | void;
  try {
    remark = await step.make();
  } catch (error) {
    line?.end("  failed");
    throw error;
  }
  const outputs: Record<string, string> = {};
  for (const path of step.outputs) {
    const state = fileState(path);
    if (state === undefined) throw new BuildError(`Cannot build ${step.name}: it left no ${path}`);
    outputs[path] = state;
  }
  writeFile(stampPath, JSON.stringify({ inputs, outputs } satisfies Stamp));
  line?.end(secondsSince(start) + (remark === undefined ? "" : `  (${remark})`));
  return true;
}

/** Line of a step: begun at its start, unless another step that runs has begun one. */
class StepLine {
  static #open: StepLine | undefined;
  readonly #text: string;

  constructor(name: string) {
    this.#text = `build  ${name} …`;
    if (StepLine.#open !== undefined) return;
    StepLine.#open = this;
    write(this.#text);
  }

  /** Ends the line; of a step that has none, or whose line was cut, prints the whole. */
  end(text: string): void {
    if (StepLine.#open === this) say(text);
    else say(`${StepLine.#open === undefined ? "" : "\n"}${this.#text}${text}`);
    StepLine.#open = undefined;
  }
}

/**
 * Writes a file under a temporary name next to its path and then renames it, so that readers never
 * see a partial file.
 */
export async function replaceFile(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryPath(path);
  await Deno.mkdir(dirname(path), { recursive: true });
  try {
    await make(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {/* It was not made. */});
    throw error;
  }
}

/** Writes a file in one go: it has its old content or its new one, never a part. */
export function writeFile(path: string, content: string | Uint8Array): void {
  const temporary = temporaryPath(path);
  Deno.mkdirSync(dirname(path), { recursive: true });
  if (typeof content === "string") Deno.writeTextFileSync(temporary, content);
  else Deno.writeFileSync(temporary, content);
  Deno.renameSync(temporary, path);
}

/** Copies a file so that its new place holds the whole of it or nothing. */
export function copyFile(from: string, to: string): void {
  writeFile(to, Deno.readFileSync(from));
}

/**
 * Keeps other builds of this checkout out until the result is disposed of; waits for one that is at
 * work.
 */
export function lockBuild(path = ".cache/lock"): Disposable {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const file = Deno.openSync(path, { create: true, write: true });
  if (!file.tryLockSync(true)) {
    say("build  waits for another ./dev");
    file.lockSync(true);
  }
  return { [Symbol.dispose]: () => file.close() };
}

/**
 * Returns the files below a folder, sorted; with `matches`, only those whose path it accepts. Empty
 * if the folder does not exist.
 */
export function filesUnder(folder: string, matches = (_path: string): boolean => true): string[] {
  if (fileState(folder) === undefined) return [];
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...filesUnder(path, matches));
    else if (matches(path)) found.push(path);
  }
  return found.sort();
}

/**
 * Returns size and modification time of a file, enough to detect a replacement. Undefined if it
 * does not exist.
 */
export function fileState(path: string): string | undefined {
  try {
    const { size, mtime } = Deno.statSync(path);
    return `${size} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function temporaryPath(path: string): string {
  return join(dirname(path), `.${Deno.pid}.${basename(path)}`);
}

function hashInputs(step: Step): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([step.key ?? null, step.outputs]));
  for (const input of step.inputs) {
    const state = fileState(input);
    if (state === undefined) {
      throw new BuildError(`Cannot build ${step.name}: there is no ${input}`);
    }
    const paths = Deno.statSync(input).isDirectory ? filesUnder(input) : [input];
    for (const path of paths) addFile(hash, path);
  }
  return hash.digest("hex");
}

function addFile(hash: Hash, path: string): void {
  const content = Deno.readFileSync(path);
  // The length keeps two files apart whose contents run into each other.
  hash.update(`${path}\0${content.length}\0`).update(content);
}

function readStamp(path: string): Stamp | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path)) as Stamp;
  } catch {
    return undefined;
  }
}

function isCurrent(stamp: Stamp | undefined, inputs: string, outputs: readonly string[]): boolean {
  if (stamp?.inputs !== inputs) return false;
  return outputs.every((path) => {
    const state = fileState(path);
    return state !== undefined && state === stamp.outputs[path];
  });
}
