/** The file of `up`: runs in YAML. */
import { FAILSAFE_SCHEMA, load, types } from "js-yaml";
import { IrregularFile, readRegularFile } from "../../oci/paths/mod.ts";
import { RunsError } from "../../service/mod.ts";
import type { OptionSpec } from "../args/options.ts";
import { RUN_OPTIONS } from "../args/run_options.ts";
import { mismatch } from "./schema_check.ts";
import { PERMISSION_OPTIONS, upSchema } from "./up_schema.ts";

/** Run that the file lists, as words of `wasm-bpf run`. */
export interface ListedRun {
  readonly name: string;
  readonly words: readonly string[];
  /** Line of the file, from 1. */
  readonly line: number;
}

/** 1 MiB: a ConfigMap's limit. */
const MAX_BYTES = 1 << 20;

/** Numbers stay texts, with all digits and zeros: arguments such as 1.10, 007 or a 64-bit address. */
const YAML = FAILSAFE_SCHEMA.extend({
  implicit: [types.null, types.bool, types.merge],
  explicit: [types.int, types.float],
});

/** Run in the file, after the comparison with the schema. */
interface RawRun {
  readonly name: string;
  readonly run: string;
  readonly args?: readonly (string | number)[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, boolean | readonly string[]>>;
  readonly sinks?: readonly string[];
  readonly restart?: string;
  readonly "log-size"?: string | number;
}

/**
 * Reads the file.
 *
 * @throws {RunsError} `BAD_FILE` with the line; an errno name
 */
export function readUpFile(path: string): ListedRun[] {
  let bytes: Uint8Array;
  try {
    ({ bytes } = readRegularFile(path, { maxBytes: MAX_BYTES }));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    const reason = code === "ENOENT"
      ? "no such file"
      : cause instanceof IrregularFile
      ? cause.message
      : code;
    throw new RunsError(`Cannot read "${path}": ${reason}`, { code, cause });
  }
  return parseUpFile(new TextDecoder().decode(bytes), path);
}

/**
 * Parses the text of the file.
 *
 * @throws {RunsError} `BAD_FILE` with the line
 */
export function parseUpFile(text: string, path: string): ListedRun[] {
  const lines = new Lines(text);
  const value = parse(text, path, lines);
  const found = mismatch(value, upSchema());
  if (found !== undefined) {
    const where = found.path.map((part) => typeof part === "number" ? `[${part}]` : `.${part}`)
      .join("").replace(/^\./, "");
    const shown = where === "" ? "" : `${where}: `;
    throw bad(path, lines.of(value, found.path), `${shown}${found.reason}`, found.hint);
  }
  const runs = (value as { runs: readonly RawRun[] }).runs.map((run, i) => ({
    name: run.name,
    words: wordsOf(run),
    line: lines.of(value, ["runs", i]),
  }));
  const names = new Map<string, number>();
  for (const { name, line } of runs) {
    const first = names.get(name);
    if (first !== undefined) {
      throw bad(path, line, `name "${name}" is used in line ${first} as well`);
    }
    names.set(name, line);
  }
  return runs;
}

function wordsOf(run: RawRun): string[] {
  const { name, args = [], options = {}, permissions = {}, sinks = [], restart = "always" } = run;
  const words = ["--detach", `--name=${name}`, `--restart=${restart}`];
  if (run["log-size"] !== undefined) words.push(`--log-size=${run["log-size"]}`);
  for (const [option, value] of Object.entries(options)) words.push(...optionWords(option, value));
  for (const [short, value] of Object.entries(permissions)) {
    if (short === "strict") words.push(...(value === true ? ["--strict"] : []));
    else if (Array.isArray(value) && value.length > 0) {
      const option = PERMISSION_OPTIONS[short as keyof typeof PERMISSION_OPTIONS];
      words.push(`--${option}=${value.join(",")}`);
    }
  }
  words.push(...sinks.map((sink) => `--output=${sink}`));
  return [...words, "--", run.run, ...args.map(String)];
}

function optionWords(option: string, value: unknown): string[] {
  if (value === false) return [];
  const { argument }: OptionSpec = RUN_OPTIONS[option as keyof typeof RUN_OPTIONS];
  if (value === true) return [`--${option}`];
  const values = Array.isArray(value) ? value : [value];
  return argument === undefined ? [`--${option}`] : values.map((one) => `--${option}=${one}`);
}

function parse(text: string, path: string, lines: Lines): unknown {
  try {
    return load(text, { listener: lines.listen, schema: YAML });
  } catch (error) {
    const mark = error instanceof Error && "mark" in error
      ? error.mark as { line?: number } | undefined
      : undefined;
    // The parser calls itself for each level, until the stack ends.
    const reason = error instanceof RangeError
      ? "nested too deeply"
      : error instanceof Error && "reason" in error
      ? String(error.reason)
      : String(error);
    throw bad(path, (mark?.line ?? 0) + 1, reason);
  }
}

function bad(path: string, line: number, reason: string, hint?: string): RunsError {
  return new RunsError(`Cannot use "${path}": line ${line}: ${reason}`, {
    code: "BAD_FILE",
    hint: hint ?? "docs/guides/systemd.md describes the file",
  });
}

/** Lines of the nodes of a document. */
class Lines {
  readonly #text: readonly string[];
  readonly #open: number[] = [];
  readonly #starts = new Map<unknown, number>();

  constructor(text: string) {
    this.#text = text.split("\n");
  }

  /** Takes what the parser reports. */
  readonly listen = (event: string, state: { line: number; result?: unknown }): void => {
    if (event === "open") this.#open.push(state.line);
    else {
      const line = this.#open.pop() ?? 0;
      const { result } = state;
      // Anchors: the first place counts.
      if (typeof result === "object" && result !== null && !this.#starts.has(result)) {
        this.#starts.set(result, line);
      }
    }
  };

  /** Returns the line of a value, from 1: that of its key, where it has one. */
  of(root: unknown, path: readonly (string | number)[]): number {
    let node: unknown = root;
    let line = this.#starts.get(root) ?? 0;
    for (const part of path) {
      const inner = (node as Record<string | number, unknown> | undefined)?.[part];
      if (typeof part === "string") line = this.#keyLine(part, line);
      else line = this.#starts.get(inner) ?? line;
      node = inner;
    }
    return line + 1;
  }

  #keyLine(key: string, from: number): number {
    const pattern = new RegExp(
      `^[\\s\\-{,]*["']?${RegExp.escape(key)}["']?\\s*:|[{,]\\s*["']?${
        RegExp.escape(key)
      }["']?\\s*:`,
    );
    const found = this.#text.findIndex((text, i) => i >= from && pattern.test(text));
    return found < 0 ? from : found;
  }
}
