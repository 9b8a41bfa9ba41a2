/**
 * Prompts on a terminal. Standard input must be the terminal: Deno opens /dev/tty only for programs
 * with every permission. Standard output stays free for the command's result.
 */
import { HostError } from "../../ffi/errors.ts";

const LOG_IN_FIRST = "log in first: wasm-bpf login --username NAME --password-stdin";

const MAX_LENGTH = 64 * 1024;

/** Bytes of keys: Ctrl-C, Ctrl-D, backspace in its two forms, Ctrl-U, Enter in its two forms. */
const KEY = { interrupt: 3, end: 4, erase: [8, 127], clear: 21, enter: [10, 13] };

/** Exit code after an interrupted prompt: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** The user ended the prompt with Ctrl-C or Ctrl-D. */
export class PromptEnded extends HostError {
  override name = "PromptEnded";
}

/**
 * Returns the line that the user types at the terminal.
 *
 * @param options.hidden do not echo it
 * @param options.instead hint for use without a terminal
 * @throws {HostError} `NO_TERMINAL` without a terminal; {@linkcode PromptEnded}
 */
export function ask(question: string, options: { hidden: boolean; instead?: string }): string {
  if (!Deno.stdin.isTerminal()) throw noTerminal(options.instead);
  // Before the question: keys typed at once would be echoed.
  Deno.stdin.setRaw(true);
  try {
    write(`${question}: `);
    return readLine(options.hidden);
  } finally {
    Deno.stdin.setRaw(false);
    write("\n");
  }
}

function noTerminal(instead = LOG_IN_FIRST): HostError {
  return new HostError("Cannot ask for a name or a password: standard input is not a terminal", {
    code: "NO_TERMINAL",
    hint: instead,
  });
}

/** Reads the keys up to Enter. A paste arrives as many bytes at once. */
function readLine(hidden: boolean): string {
  let line: number[] = [];
  const byte = new Uint8Array(1);
  for (;;) {
    if (Deno.stdin.readSync(byte) === null) throw ended();
    const [key = 0] = byte;
    if (KEY.enter.includes(key)) return new TextDecoder().decode(Uint8Array.from(line));
    if (key === KEY.interrupt || (key === KEY.end && line.length === 0)) throw ended();
    if (KEY.erase.includes(key)) line = erased(line, hidden);
    else if (key === KEY.clear) { while (line.length > 0) line = erased(line, hidden); }
    else if (key >= 32 && line.length < MAX_LENGTH) {
      line.push(key);
      if (!hidden) Deno.stderr.writeSync(byte);
    }
  }
}

/** Removes the last character, which may be several bytes. */
function erased(line: number[], hidden: boolean): number[] {
  if (line.length === 0) return line;
  const start = line.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  if (!hidden) write("\b \b");
  return line.slice(0, Math.max(0, start));
}

function ended(): PromptEnded {
  return new PromptEnded("Cannot continue: the prompt was interrupted", { code: "ENDED" });
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
