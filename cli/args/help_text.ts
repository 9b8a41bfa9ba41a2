/** Help of a command as data, and as text for a terminal of 80 columns. */
import type { OptionSpec } from "./options.ts";
import { RECORD_OPTIONS } from "./record_options.ts";

/** Source of a command's help, completion and manual page. */
export interface HelpPage {
  /** Command lines after `wasm-bpf `, such as `pull [OPTIONS] REFERENCE`. */
  readonly usage: readonly string[];
  /** Effect of the command: one paragraph. */
  readonly about: string;
  /** Arguments that need an explanation, in order. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Options with their help; `-h, --help` is added where it is missing. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Paragraphs after the options. */
  readonly notes?: readonly string[];
}

/** Narrowest supported terminal. */
const WIDTH = 80;
/** Longer option columns put the text on a line of its own. */
const MAX_COLUMN = 26;

const HELP_OPTION: OptionSpec = { short: "h", help: "show this help" };

/** Options of a page that help shows, `--help` included, in order. */
export function shownOptions({ options }: HelpPage): [name: string, spec: OptionSpec][] {
  const { help = HELP_OPTION, version, ...others } = options;
  const last = version === undefined ? { help } : { help, version };
  return Object.entries({ ...others, ...last }).filter(([, { help }]) => help !== undefined);
}

/** Returns the form of an option, such as `-o, --output FILE`. */
export function optionForm(name: string, { short, argument, optional }: OptionSpec): string {
  const value = argument === undefined ? "" : optional ? `[=${argument}]` : ` ${argument}`;
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value}`;
}

/** Renders a page as `--help` prints it, without a newline at its end. */
export function renderHelp(page: HelpPage): string {
  const usage = page.usage.map((line, i) => `${i === 0 ? "Usage:" : "      "} wasm-bpf ${line}`);
  const options = shownOptions(page).map(([name, spec]) =>
    [optionForm(name, spec), spec.help ?? ""] as const
  );
  return [
    wrap(page.about, WIDTH).join("\n"),
    usage.join("\n"),
    ...(page.arguments === undefined ? [] : [table(Object.entries(page.arguments))]),
    `Options:\n${table(options)}`,
    ...(page.notes ?? []).map((note) => wrap(note, WIDTH).join("\n")),
  ].join("\n\n");
}

/** Returns the part of a tool's help about the options that all tools have. */
export function oursAfterName(): string {
  const rows = Object.entries(RECORD_OPTIONS).map(([name, spec]) =>
    [optionForm(name, spec), spec.help] as const
  );
  return `Options of wasm-bpf, before the name or after it:\n${table(rows)}\n\n` +
    "wasm-bpf --help shows the others.";
}

function table(rows: readonly (readonly [string, string])[]): string {
  const lengths = rows.map(([left]) => left.length).filter((length) => length <= MAX_COLUMN);
  const column = Math.max(0, ...lengths) + 5;
  return rows.flatMap(([left, text]) => {
    const lines = wrap(text, WIDTH - column).map((line) => `${" ".repeat(column)}${line}`);
    const first = `  ${left}`;
    return first.length + 2 > column
      ? [first, ...lines]
      : [first.padEnd(column) + (lines[0] ?? "").trimStart(), ...lines.slice(1)];
  }).join("\n");
}

/** Breaks text at spaces; a word longer than `width` gets a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
