/** Names of Rust's functions, as their source has them. */

/** Hash at the end of a name, which makes it unique. */
const HASH = /^h[0-9a-f]{16}$/;

/** Characters that a symbol cannot have. */
const ESCAPES: Readonly<Record<string, string>> = {
  "SP": "@",
  "BP": "*",
  "RF": "&",
  "LT": "<",
  "GT": ">",
  "LP": "(",
  "RP": ")",
  "C": ",",
};

/**
 * Returns the path of a function whose symbol Rust made, such as `core::panicking::panic_fmt`; other
 * names as they are. Symbols of C++ are similar, and have no hash.
 */
export function readableName(symbol: string): string {
  const parts: string[] = [];
  let rest = /^_ZN(.*)E(?:\..*)?$/.exec(symbol)?.[1] ?? "";
  for (;;) {
    const digits = /^\d{1,4}/.exec(rest)?.[0];
    if (digits === undefined) break;
    const end = digits.length + Number(digits);
    if (rest.length < end) return symbol;
    parts.push(rest.slice(digits.length, end));
    rest = rest.slice(end);
  }
  if (rest !== "" || parts.length < 2 || !HASH.test(parts.pop() ?? "")) return symbol;
  return parts.map(readablePart).join("::");
}

function readablePart(part: string): string {
  return part.replace(/^_(?=\$)/, "").replaceAll("..", "::")
    .replaceAll(/\$(?:u([0-9a-f]{1,6})|([A-Z]{1,2}))\$/g, (whole, code, name) => {
      if (name !== undefined) return ESCAPES[name] ?? whole;
      const point = parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    });
}
