/** Takes the prose out of source files: comments, strings with words, and Markdown without code. */

/** A piece of prose. */
export interface Prose {
  readonly kind: "comment" | "string" | "markdown";
  /** Line of its start, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Marks of comments and strings in a language. */
interface Syntax {
  readonly line: readonly string[];
  readonly block: readonly (readonly [open: string, close: string])[];
  readonly quotes: string;
  /** True if a slash may start a regular expression. */
  readonly hasRegex: boolean;
}

const C_LIKE = { line: ["//"], block: [["/*", "*/"]] } as const;

const SYNTAX: Readonly<Record<string, Syntax>> = {
  ts: { ...C_LIKE, quotes: "\"'`", hasRegex: true },
  js: { ...C_LIKE, quotes: "\"'`", hasRegex: true },
  c: { ...C_LIKE, quotes: '"', hasRegex: false },
  h: { ...C_LIKE, quotes: '"', hasRegex: false },
  go: { ...C_LIKE, quotes: '"`', hasRegex: false },
  rs: { ...C_LIKE, quotes: '"', hasRegex: false },
  wat: { line: [";;"], block: [["(;", ";)"]], quotes: '"', hasRegex: false },
  sh: { line: ["#"], block: [], quotes: "\"'", hasRegex: false },
  // Plain words of YAML and Makefiles may have an apostrophe.
  yaml: { line: ["#"], block: [], quotes: '"', hasRegex: false },
  mk: { line: ["#"], block: [], quotes: '"', hasRegex: false },
  toml: { line: ["#"], block: [], quotes: '"', hasRegex: false },
  json: { line: [], block: [], quotes: '"', hasRegex: false },
  css: { line: [], block: [["/*", "*/"]], quotes: '"', hasRegex: false },
};

/** A slash after one of these starts a regular expression, after anything else it divides. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+~<>*%^-]|\b(?:return|typeof|case|in|of))\s*$/;

/** Names in prose: `code` of Markdown, and links of documentation comments. */
const INLINE_CODE = /`[^`\n]*`|\{@link(?:code|plain)? [^}\n]*\}/g;

/** Strings of one word are names, not prose. */
const SENTENCE = /[A-Za-z]{2,}\s+[A-Za-z]{2,}/;

/**
 * Returns the prose of a file.
 *
 * @param extension without the dot; `""` for shell scripts
 * @returns nothing for a language that is not known
 */
export function proseOf(extension: string, text: string): Prose[] {
  if (extension === "md") return [{ kind: "markdown", line: 1, text: withoutCode(text) }];
  // The reason is in the head of a patch; the rest is code of others.
  if (extension === "patch") {
    return [{ kind: "comment", line: 1, text: text.split(/^(?:diff|---) /m)[0] ?? "" }];
  }
  const syntax = SYNTAX[extension === "" ? "sh" : extension];
  return syntax === undefined ? [] : scan(syntax, text);
}

/** Empties code of Markdown, and keeps the lines. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^(```|~~~)[^]*?^\1/gm, (block) => block.replaceAll(/[^\n]/g, ""))
    .replaceAll(INLINE_CODE, "`x`")
    .replaceAll(/\]\([^)]*\)/g, "]");
}

function scan(syntax: Syntax, text: string): Prose[] {
  const found: Prose[] = [];
  let line = 1;
  let at = 0;
  /** Line of the line comment before, to join the next one with it. */
  let lastLine = -1;
  const move = (end: number) => {
    for (let i = at; i < end; i++) if (text[i] === "\n") line += 1;
    at = end;
  };
  while (at < text.length) {
    const start = line;
    const mark = syntax.line.find((mark) => text.startsWith(mark, at));
    const block = syntax.block.find(([open]) => text.startsWith(open, at));
    const quote = text[at] ?? "";
    if (mark !== undefined && isComment(syntax, text, at)) {
      const end = endOf(text, "\n", at);
      const body = text.slice(at + mark.length, end).replace(/^[/!]/, "")
        .replaceAll(INLINE_CODE, "`x`");
      addComment(found, { line: start, text: body, isNext: start === lastLine + 1 });
      lastLine = start;
      move(end);
    } else if (block !== undefined) {
      const end = endOf(text, block[1], at + block[0].length);
      const body = text.slice(at + block[0].length, end);
      const plain = body.replaceAll(/^[ \t]*\*+ ?/gm, "").replaceAll(INLINE_CODE, "`x`");
      found.push({ kind: "comment", line: start, text: plain });
      lastLine = -1;
      move(Math.min(end + block[1].length, text.length));
    } else if (syntax.quotes.includes(quote)) {
      const end = endOfString(text, at);
      const inner = text.slice(at + 1, end - 1);
      const body = quote === "`" ? withoutExpressions(inner) : inner;
      if (SENTENCE.test(body)) found.push({ kind: "string", line: start, text: body });
      move(end);
    } else if (syntax.hasRegex && quote === "/" && startsRegex(text, at)) {
      move(endOfRegex(text, at));
    } else {
      move(at + 1);
    }
  }
  return found;
}

/** Joins a line comment with the one on the line before. */
function addComment(
  found: Prose[],
  { line, text, isNext }: { line: number; text: string; isNext: boolean },
): void {
  const last = found.at(-1);
  if (last === undefined || !isNext) found.push({ kind: "comment", line, text });
  else found[found.length - 1] = { ...last, text: `${last.text}\n${text}` };
}

/** Empties `${…}` of template literals, innermost first, and keeps the lines. */
function withoutExpressions(text: string): string {
  const shorter = text.replaceAll(/\$?\{[^{}]*\}/g, (code) => code.replaceAll(/[^\n]/g, ""));
  return shorter === text ? text : withoutExpressions(shorter);
}

/** In shell scripts, `#` starts a comment at the start of a word only. */
function isComment({ line }: Syntax, text: string, at: number): boolean {
  return line[0] !== "#" || at === 0 || /\s/.test(text[at - 1] ?? "");
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

/** Returns the offset after the closing quote; a string that is not closed ends with its line. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === "\n" && quote !== "`") return at;
  }
  return text.length;
}

function startsRegex(text: string, at: number): boolean {
  return BEFORE_REGEX.test(text.slice(Math.max(0, at - 40), at));
}

function endOfRegex(text: string, start: number): number {
  let isClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at += 1;
    else if (char === "\n") return at;
    else if (char === "[") isClass = true;
    else if (char === "]") isClass = false;
    else if (char === "/" && !isClass) return at + 1;
  }
  return text.length;
}
