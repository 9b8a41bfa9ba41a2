/** Records in the lines of a log, which hostile modules write as well. */

/** Record of a line. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** Deepest nesting of a record; functions that walk deeper values would end with the stack. */
const MAX_DEPTH = 64;

/** Function that replaces values, as in JSON.parse(). */
export type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/** Returns the object that a line is; undefined for other text, and for one nested too deeply. */
export function recordOf(text: string, reviver?: Reviver): LogRecord | undefined {
  if (!text.startsWith("{") || isNestedDeeper(text, MAX_DEPTH)) return undefined;
  try {
    const value: unknown = JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as LogRecord
      : undefined;
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN = 0x5b, CLOSE = 0x5d;
/** Braces are brackets with this bit. */
const BRACE = 0x20;

function isNestedDeeper(json: string, limit: number): boolean {
  let depth = 0, isText = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isText) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if ((code & ~BRACE) === OPEN) {
      depth += 1;
      if (depth > limit) return true;
    } else if ((code & ~BRACE) === CLOSE) depth -= 1;
  }
  return false;
}
