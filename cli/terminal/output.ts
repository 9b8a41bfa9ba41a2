/** Messages of wasm-bpf itself, as opposed to the guest: plain lines on standard error. */
import { HostError } from "../../ffi/errors.ts";

/** Lines of an error's detail shown without `--verbose`: the last ones, which have the reason. */
const DETAIL_LINES = 15;

/**
 * Characters that control a terminal or are invisible: controls except tab and line feed, format
 * characters (bidi controls, zero-width ones, tags), line and paragraph separators, lone surrogates.
 * Made at the first use, since V8 takes 0.3 ms for them.
 */
const unseen = () => /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const unseenOrBreak = () => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Writes lines to standard error; ignores failures, which cannot be reported elsewhere. */
export function printError(text: string): void {
  let bytes = new TextEncoder().encode(`${text}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    return;
  }
}

/**
 * Escapes characters that control a terminal or are invisible, as `\x9b` or `\u202e`. Names of programs, maps, files
 * and artifacts come from others. Line feeds and tabs stay; see {@linkcode visibleLine}.
 */
export function visible(text: string): string {
  return text.replace(unseen(), escaped);
}

/** Escapes line feeds and tabs as well, so that the text stays one line and one cell of a table. */
export function visibleLine(text: string): string {
  return text.replace(unseenOrBreak(), escaped);
}

/**
 * Returns a value as JSON in which everything that {@linkcode visibleLine} escapes is escaped.
 *
 * @param indent spaces; everything is on one line without it
 */
export function toJson(value: unknown, indent?: number): string {
  // JSON.stringify() has escaped what is below U+0020 and lone surrogates; line feeds are its own.
  return escapeJson(JSON.stringify(value, null, indent));
}

/** Escapes in JSON, within texts, what {@linkcode visible} escapes. */
export function escapeJson(json: string): string {
  return json.replace(unseen(), (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${hex(character.charCodeAt(index), 4)}`,
    ).join(""));
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${hex(code, 1)}}`;
  return code > 0xff ? `\\u${hex(code, 4)}` : `\\x${hex(code, 2)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Formats an error for users: message, detail and hint. */
export function formatError(error: unknown, options: { verbose: boolean }): string {
  if (!(error instanceof HostError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    return visible(`error: internal error, please report this bug: ${text}`);
  }
  // A name with a line feed must not look like a line of wasm-bpf.
  const lines = [`error: ${visibleLine(error.message)}`];
  if (error.detail) lines.push(...detailLines(visible(error.detail), options.verbose));
  if (error.hint !== undefined) lines.push(`hint: ${visibleLine(error.hint)}`);
  return lines.join("\n");
}

function detailLines(detail: string, verbose: boolean): string[] {
  const lines = detail.split("\n").map((line) => `  ${line}`);
  if (verbose || lines.length <= DETAIL_LINES) return lines;
  const left = lines.length - DETAIL_LINES;
  return [`  (${left} earlier lines; pass --verbose to show them)`, ...lines.slice(-DETAIL_LINES)];
}
