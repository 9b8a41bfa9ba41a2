/** What wasm-bpf itself says, as opposed to the guest: plain lines on standard error. */
import { HostError } from "../ffi/errors.ts";

/** Lines of an error's detail that are shown without `--verbose`: the last ones, which say why. */
const DETAIL_LINES = 15;

/** Control characters but for tab and line feed. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Writes a line or more to standard error; when nobody reads it any more, there is nobody to tell. */
export function printError(text: string): void {
  let bytes = new TextEncoder().encode(`${text}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    return;
  }
}

/**
 * Makes control characters visible. Names of programs, maps and files come from the guest, and must
 * not steer the terminal.
 */
export function visible(text: string): string {
  return text.replace(
    CONTROL,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** An error as people see it: what, why in detail, and what to do. */
export function formatError(error: unknown, options: { verbose: boolean }): string {
  if (!(error instanceof HostError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    return visible(`error: wasm-bpf itself failed, which is a bug: ${text}`);
  }
  const lines = [`error: ${error.message}`];
  if (error.detail) lines.push(...detailLines(error.detail, options.verbose));
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  return visible(lines.join("\n"));
}

function detailLines(detail: string, verbose: boolean): string[] {
  const lines = detail.split("\n").map((line) => `  ${line}`);
  if (verbose || lines.length <= DETAIL_LINES) return lines;
  const left = lines.length - DETAIL_LINES;
  return [`  (${left} lines before this one: --verbose shows them)`, ...lines.slice(-DETAIL_LINES)];
}
