/** `tests/programs/terminal.c`: a command on a terminal of its own, and what the terminal shows. */
import { textWidth } from "../../records/text/widths.ts";
import { until } from "./condition.ts";
import { fromFileUrl } from "./paths.ts";
import { succeed } from "./succeed.ts";

const SOURCE = fromFileUrl("../programs/terminal.c");
const TERMINAL = fromFileUrl("../../dist/tests/terminal");

await build();

async function build(): Promise<void> {
  // Other test files may run it at the same time.
  const fresh = `${TERMINAL}.${Deno.pid}`;
  await succeed("clang", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, SOURCE);
  await Deno.rename(fresh, TERMINAL);
}

/** Local modes of termios: ICANON and ECHO. */
const COOKED = 0o2 | 0o10;

/** End of a command on a terminal. */
export interface TerminalEnd {
  /** `exit CODE` or `signal NUMBER`. */
  readonly end: string;
  /** True if the terminal takes lines and shows what is typed. */
  readonly isCooked: boolean;
  /** Everything that was drawn. */
  readonly drawn: string;
}

/** Command on a terminal; control characters reach it as signals. */
export class TerminalRun implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #control: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers: Promise<void>[];
  #drawn = "";
  #reports = "";

  constructor(
    command: string[],
    { rows = 24, columns = 80, env = {} }: {
      rows?: number;
      columns?: number;
      env?: Record<string, string>;
    } = {},
  ) {
    this.#child = new Deno.Command(TERMINAL, {
      args: [`${rows}`, `${columns}`, ...command],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { TERM: "xterm", ...env },
    }).spawn();
    this.#control = this.#child.stdin.getWriter();
    this.#readers = [
      this.#collect(this.#child.stdout, (text) => this.#drawn += text),
      this.#collect(this.#child.stderr, (text) => this.#reports += text),
    ];
  }

  async #collect(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    add: (text: string) => void,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) add(text);
  }

  /** Everything that was drawn until now. */
  get drawn(): string {
    return this.#drawn;
  }

  async #order(line: string): Promise<void> {
    await this.#control.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Types characters. */
  async type(text: string): Promise<void> {
    const bytes = Array.from(new TextEncoder().encode(text));
    await this.#order(`type ${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
  }

  /** Changes the size. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.#order(`size ${rows} ${columns}`);
  }

  /** Closes the terminal. */
  async hangUp(): Promise<void> {
    await this.#order("hang");
  }

  /** Waits until what was drawn after `from` characters matches. */
  async waitFor(pattern: RegExp, from = 0): Promise<void> {
    const name = `${pattern} is drawn`;
    try {
      await until(name, () => pattern.test(this.#drawn.slice(from)));
    } catch (error) {
      throw new Error(`${error}\n${JSON.stringify(this.#drawn.slice(from))}`, { cause: error });
    }
  }

  /** Reports whether the terminal takes lines and shows what is typed. */
  async isCooked(): Promise<boolean> {
    const before = this.#reports.length;
    await this.#order("modes");
    await until("modes are reported", () => this.#reports.slice(before).includes("\n"));
    return isCooked(this.#reports);
  }

  /** Waits until each process has closed the terminal. */
  async result(): Promise<TerminalEnd> {
    await Promise.all(this.#readers);
    await this.#child.status;
    await this.#control.close().catch(() => {});
    const end = /^(exit|signal) \d+$/m.exec(this.#reports)?.[0] ?? this.#reports;
    return { end, isCooked: isCooked(this.#reports), drawn: this.#drawn };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.result();
  }
}

function isCooked(reports: string): boolean {
  const flags = Number.parseInt([...reports.matchAll(/^modes (\w+)$/gm)].at(-1)?.[1] ?? "0", 16);
  return (flags & COOKED) === COOKED;
}

/** Reports whether the run of a command line has a link: its programs are attached. */
export async function isAttached(words: readonly string[]): Promise<boolean> {
  const script = `for pid in $(pgrep -fx "$1"); do
    ls -l /proc/$pid/task/*/fd 2>/dev/null | grep -q bpf_link && exit 0
  done; exit 1`;
  const { success } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", words.join(" ")],
    stdin: "null",
    stdout: "null",
  }).output();
  return success;
}

/** Image of a terminal after some output, and what went wrong on the way. */
export interface Picture {
  /** Lines of the screen in use, without spaces at their ends. */
  readonly lines: string[];
  readonly isAlternate: boolean;
  readonly hasCursor: boolean;
  /** Characters that were drawn beyond the last column. */
  readonly wrapped: number;
  /** Sequences that a table of ours does not use. */
  readonly unknown: string[];
}

const SEQUENCE = new RegExp("^\u001b\\[([?]?[\\d;]*)([A-Za-z])");

/** Draws output on a terminal of some columns; xterm's meaning of the sequences that are used. */
export function pictureOf(drawn: string, columns: number): Picture {
  const main: string[] = [""];
  let lines = main;
  let row = 0, isAlternate = false, hasCursor = true, wrapped = 0;
  const unknown: string[] = [];
  const line = () => lines[row] ?? "";
  const apply = (numbers: string, letter: string) => {
    const name = numbers + letter;
    if (name === "?1049h") [lines, row, isAlternate] = [[""], 0, true];
    else if (name === "?1049l") [lines, row, isAlternate] = [main, main.length - 1, false];
    else if (name === "?25h") hasCursor = true;
    else if (name === "?25l") hasCursor = false;
    else if (name === "H") row = 0;
    else if (name === "J") lines.splice(row);
    else if (name !== "K" && letter !== "m") unknown.push(name);
  };
  let isFresh = true;
  for (let at = 0; at < drawn.length;) {
    const sequence = SEQUENCE.exec(drawn.slice(at, at + 20));
    if (sequence !== null) {
      apply(sequence[1] ?? "", sequence[2] ?? "");
      at += sequence[0].length;
      if (sequence[2] === "H") isFresh = true;
      continue;
    }
    const character = String.fromCodePoint(drawn.codePointAt(at) ?? 0);
    at += character.length;
    if (character === "\n") {
      // An empty line that is drawn erases the one before.
      if (isFresh) lines[row] = "";
      [row, isFresh] = [row + 1, true];
      continue;
    }
    if (character === "\r") continue;
    const code = character.codePointAt(0) ?? 0;
    if (code < 32 || code === 127) unknown.push(JSON.stringify(character));
    if (isFresh) lines[row] = "";
    isFresh = false;
    while (lines.length < row) lines.push("");
    if (textWidth(line() + character) > columns) wrapped++;
    lines[row] = line() + character;
  }
  return {
    lines: lines.map((each) => each.trimEnd()),
    isAlternate,
    hasCursor,
    wrapped,
    unknown,
  };
}
